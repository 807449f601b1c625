from __future__ import annotations

import os
import random
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.cache.entries import utterance
from tests.faults.full_disk import full_disk
from worker.cache.figures import Tally
from worker.cache.folder import Folder
from worker.cache.key import is_key, key_of
from worker.cache.packed import LARGEST_BYTES, unpack
from worker.cache.store import Store

REPOSITORY = Path(__file__).resolve().parents[2]
KEYS = [key_of(utterance(seed=seed), "1") for seed in range(40)]
NOW = 1_785_500_000.0


class Clock:
    now = NOW

    def __call__(self) -> float:
        return self.now


def store_in(folder: Path, max_bytes: int = 10**9, tally: Tally | None = None, clock: Clock | None = None) -> Folder:
    return Folder(folder, max_bytes=max_bytes, ttl_sec=1000.0, tally=tally or Tally(), clock=clock or time.time)


def files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


def test_it_is_a_store_whose_folder_need_not_be_there(tmp_path: Path) -> None:
    store: Store = store_in(tmp_path / "a" / "b")
    assert store.get(KEYS[0]) is None
    store.delete(KEYS[0])
    store.put(KEYS[0], b"data")
    assert store.get(KEYS[0]) == b"data"
    assert files(tmp_path) == [tmp_path / "a" / "b" / KEYS[0][:2] / KEYS[0]]
    store.put(KEYS[0], b"other")
    assert store.get(KEYS[0]) == b"other"
    store.delete(KEYS[0])
    assert store.get(KEYS[0]) is None


def test_another_process_finds_what_one_put(tmp_path: Path) -> None:
    store_in(tmp_path).put(KEYS[0], b"data")
    assert store_in(tmp_path).get(KEYS[0]) == b"data"


@pytest.mark.parametrize("wrong", ["", "../../etc/passwd", "/etc/passwd", "a" * 63, "A" * 64, "a" * 63 + "/", "a" * 65])
def test_what_is_no_key_never_becomes_a_path(tmp_path: Path, wrong: str) -> None:
    store = store_in(tmp_path)
    for request in (store.get, store.delete, lambda key: store.put(key, b"")):
        with pytest.raises(ValueError, match="not a key"):
            request(wrong)
    assert list(tmp_path.iterdir()) == []


def test_a_file_longer_than_any_entry_is_not_read(tmp_path: Path) -> None:
    store = store_in(tmp_path)
    store.put(KEYS[0], b"data")
    os.truncate(files(tmp_path)[0], LARGEST_BYTES + 1)
    assert store.get(KEYS[0]) == b""


def test_beyond_its_bound_the_entries_used_longest_ago_go(tmp_path: Path) -> None:
    tally, clock = Tally(), Clock()
    store = store_in(tmp_path, max_bytes=10_000, tally=tally, clock=clock)
    for number in range(10):
        store.put(KEYS[number], bytes(1000))
        os.utime(tmp_path / KEYS[number][:2] / KEYS[number], (NOW - 900 + number, NOW - 900 + number))
    assert store.get(KEYS[0])  # now it is the one used last
    store.put(KEYS[10], bytes(1000))
    store.sweep()
    assert [key for key in KEYS if store.get(key)] == [KEYS[0], *KEYS[3:11]]
    assert store.size_bytes == 9000
    assert tally.figures({}).by_tier["folder"]["evicted"] == 2


def test_it_sweeps_by_itself_and_rarely(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = store_in(tmp_path, max_bytes=10_000)
    sweeps: list[int | None] = []
    sweep = store.sweep
    monkeypatch.setattr(store, "sweep", lambda: (sweep(), sweeps.append(store.size_bytes)))
    for key in KEYS:
        store.put(key, bytes(100))
    assert sweeps == [100, 700, 1300, 1900, 2500, 3100, 3700]
    for key in KEYS:
        store.put(key, bytes(1000))
    assert sum(path.stat().st_size for path in files(tmp_path)) <= 11_000


def test_entries_not_used_for_long_go(tmp_path: Path) -> None:
    tally, clock = Tally(), Clock()
    store = store_in(tmp_path, tally=tally, clock=clock)
    for key, age_sec in ((KEYS[0], 1001), (KEYS[1], 999)):
        store.put(key, b"data")
        os.utime(tmp_path / key[:2] / key, (NOW - age_sec, NOW - age_sec))
    store.sweep()
    assert (store.get(KEYS[0]), store.get(KEYS[1])) == (None, b"data")
    assert tally.figures({}).by_tier["folder"]["expired"] == 1


def test_what_writers_left_goes_when_it_is_old_and_what_is_being_written_stays(tmp_path: Path) -> None:
    clock = Clock()
    store = store_in(tmp_path, clock=clock)
    (tmp_path / "ab").mkdir()
    for name, age_sec in ((".partial-old", 3601), (".partial-new", 10)):
        (tmp_path / "ab" / name).write_bytes(b"half")
        os.utime(tmp_path / "ab" / name, (NOW - age_sec, NOW - age_sec))
    store.sweep()
    assert [path.name for path in files(tmp_path)] == [".partial-new"]


def test_files_that_are_not_of_the_cache_are_left_alone(tmp_path: Path) -> None:
    clock = Clock()
    strangers = [
        tmp_path / "letter.txt",
        tmp_path / "ab" / "photo.jpg",
        tmp_path / "models" / KEYS[0],
        tmp_path / KEYS[1],
    ]
    for path in strangers:
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(bytes(5000))
        os.utime(path, (0, 0))
    (tmp_path / "cd").symlink_to(tmp_path / "models")
    (tmp_path / "ab" / KEYS[2]).symlink_to(tmp_path / "letter.txt")
    store = store_in(tmp_path, max_bytes=10, clock=clock)
    store.sweep()
    assert all(path.exists() for path in strangers)


def test_a_full_disk_is_an_error_that_leaves_nothing_behind(tmp_path: Path) -> None:
    with full_disk(tmp_path, 200_000) as disk:
        store = store_in(disk)
        store.put(KEYS[0], bytes(100_000))
        with pytest.raises(OSError, match="space"):
            store.put(KEYS[1], bytes(150_000))
        assert store.get(KEYS[0]) == bytes(100_000)
        assert [path.name for path in files(disk)] == [KEYS[0]]


def test_on_a_volume_that_is_only_read_entries_are_found(tmp_path: Path) -> None:
    with full_disk(tmp_path, 200_000) as disk:
        store_in(disk).put(KEYS[0], b"data")
        os.utime(disk / KEYS[0][:2] / KEYS[0], (0, 0))
        subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
        assert store_in(disk).get(KEYS[0]) == b"data"


def test_sixteen_threads_read_whole_entries_while_others_put_delete_and_sweep(tmp_path: Path) -> None:
    store = store_in(tmp_path, max_bytes=200_000)
    until = time.monotonic() + 1.0

    def work(number: int) -> int:
        chance, done = random.Random(number), 0
        while time.monotonic() < until:
            which = chance.randrange(8)
            found = store.get(KEYS[which])
            assert found in (None, bytes([which]) * 30_000)
            store.put(KEYS[which], bytes([which]) * 30_000)
            if number == 0:
                store.delete(KEYS[which])
                store.sweep()
            done += 1
        return done

    with ThreadPoolExecutor(16) as pool:
        assert all(pool.map(work, range(16)))


@contextmanager
def writers(folder: Path, count: int) -> Iterator[list[subprocess.Popen[bytes]]]:
    command = [sys.executable, "-m", "tests.cache.folder_writer", str(folder)]
    processes = [
        subprocess.Popen([*command, str(seed)], cwd=REPOSITORY, stdout=subprocess.PIPE) for seed in range(count)
    ]
    try:
        for process in processes:
            assert process.stdout is not None
            assert process.stdout.readline() == b"ready\n"
        yield processes
    finally:
        for process in processes:
            process.kill()
            process.communicate()


def test_processes_share_a_folder_and_those_killed_at_any_moment_leave_only_whole_entries(tmp_path: Path) -> None:
    chance = random.Random(5)
    with writers(tmp_path, 5) as (survivor, *victims):
        for victim in victims:
            time.sleep(chance.uniform(0.02, 0.3))
            assert victim.poll() is None  # it ends by itself at an entry that is not what was put
            victim.kill()
        time.sleep(0.3)
        assert survivor.poll() is None
    for path in files(tmp_path):
        if is_key(path.name):
            unpack(path.read_bytes(), path.name)


def test_of_two_who_put_one_key_at_once_one_wins_whole(tmp_path: Path) -> None:
    store, barrier = store_in(tmp_path), threading.Barrier(4)

    def put(number: int) -> None:
        for _ in range(20):
            barrier.wait(10)
            store.put(KEYS[0], bytes([number]) * 10_000)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(put, range(4)))
    found = store.get(KEYS[0])
    assert found in [bytes([number]) * 10_000 for number in range(4)]
    assert len(files(tmp_path)) == 1
