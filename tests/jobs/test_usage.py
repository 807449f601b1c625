"""How often voices are cast: counted once a job, and kept for the workers to come."""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from tests.conftest import Caller, fresh
from tests.jobs.speakers import MONOTONE, base64_of, refusal, speech, sung
from voice_library.library import VoiceLibrary
from voice_library.lock import LOCK, locked
from voice_library.shelf import Shelf
from voice_library.store import FolderStore
from voice_library.voice import Voice
from worker.jobs.context import Job, Worker
from worker.jobs.usage import ASIDE, FILE, MOST_BYTES, MOST_ENTRIES, MOST_USES, Usage
from worker.reply import VoicesReply
from worker.service import Service
from worker.settings import Settings

LIBRARY = VoiceLibrary(
    voices=tuple(Voice(id=name, names=(name,), language="en", gender="neutral") for name in ("anna", "ben", "cleo"))
)
COUNTING = """
import sys
from pathlib import Path
from voice_library.library import VoiceLibrary
from voice_library.voice import Voice
from worker.jobs.usage import Usage
voices = [Voice(id=name, names=(name,), language="en", gender="neutral") for name in ("anna", "ben", "cleo")]
library = VoiceLibrary(voices=tuple(voices))
usage = Usage(Path(sys.argv[1]))
print("ready", flush=True)
sys.stdin.readline()
for _ in range(20):
    usage.count(["anna", sys.argv[2]], library)
    usage.keep()
"""


@pytest.fixture
def counting(worker: Worker) -> Worker:
    return replace(fresh(worker), usage=Usage())


def uses(worker: Worker) -> dict[str, int]:
    return {name: worker.usage.uses(name) for name in worker.usage.most_used()}


def written(folder: Path) -> object:
    return json.loads((folder / FILE).read_text(encoding="utf-8"))


def test_a_job_counts_once_for_its_voice_however_much_it_says(counting: Worker) -> None:
    ask = Caller(Service(counting))
    speech(ask(text="One. " * 40, voice="LÉA", chunk_size=50))
    speech(ask(text="One.", voice="lea"))
    assert uses(counting) == {"lea": 2}


def test_a_profile_counts_under_its_own_id_and_so_does_whoever_speaks_unasked(counting: Worker) -> None:
    ask = Caller(Service(counting))
    speech(ask(text="Bonjou.", voice="creole-male-deep"))
    speech(ask(text="Hello."))
    assert uses(counting) == {"creole-male-deep": 1, "sarah": 1}


def test_every_kind_of_recording_counts_and_each_voice_of_it_once(counting: Worker) -> None:
    ask = Caller(Service(counting))
    segments = [{"text": "Hi.", "voice": "sarah"}, {"text": "Ho.", "voice": "david"}, {"text": "Hi.", "voice": "sarah"}]
    speech(ask(type="dialogue", segments=segments))
    speech(ask(type="long_text", text="Hello. " * 20, voice="david"))
    speech(ask(text="[voice:sarah] Hi. [voice:david] Ho.", voice_tags=True))
    speech(ask(type="conversion", source_audio=base64_of(sung(220)), voice="tone-male"))
    assert uses(counting) == {"david": 3, "sarah": 2, "tone-male": 1}


def test_speakers_of_no_library_are_not_counted_until_they_are_saved(counting: Worker, tmp_path: Path) -> None:
    worker = replace(counting, shelf=Shelf(counting.library, FolderStore(tmp_path)))
    ask, me = Caller(Service(worker)), base64_of(sung(220))
    speech(ask(text=MONOTONE, reference_audio=me))
    speech(ask(type="conversion", source_audio=me, reference_audio=base64_of(sung(440))))
    assert uses(worker) == {}
    speech(ask(text=MONOTONE, reference_audio=me, save_voice="me"))
    assert uses(worker) == {"me": 1}


def test_samples_refused_jobs_and_probes_are_no_use(counting: Worker) -> None:
    ask = Caller(Service(counting))
    assert isinstance(ask(type="voices", voice="sarah", samples=True), VoicesReply)
    refusal(ask(text="Hi.", voice="nobody"))
    refusal(ask(text=" ", voice="sarah"))
    Service(counting).run(Job(id="probe", counted=False), {"text": "One."})
    assert uses(counting) == {}


def test_the_list_of_voices_tells_the_uses(counting: Worker) -> None:
    ask = Caller(Service(counting))
    speech(ask(text="Hello.", voice="david"))
    reply = ask(type="voices", voice="david")
    assert isinstance(reply, VoicesReply)
    assert reply.voices[0].uses == 1


def test_counts_outlive_a_worker_where_voices_are_saved(tmp_path: Path) -> None:
    folder = tmp_path / "voices"
    settings = Settings(engines=("tone",), saved_voices_dir=folder, guards=False, cache_mb=0)
    for before in (0, 1):
        worker = Worker.load(settings)
        worker.upkeep.settle()
        assert worker.usage.uses("tone-male") == before
        speech(Caller(Service(worker))(text="Hello.", voice="tone-male"))
        worker.close()
    assert written(folder) == {"format_version": 1, "uses": {"tone-male": 2}}
    assert sorted(path.name for path in folder.iterdir()) == [LOCK, FILE]


def test_a_worker_that_speaks_nothing_makes_no_folder(tmp_path: Path) -> None:
    Usage(tmp_path / "voices").keep()
    assert not (tmp_path / "voices").exists()


def test_the_file_is_written_at_most_once_a_minute(tmp_path: Path) -> None:
    now = [0.0]
    usage = Usage(tmp_path, clock=lambda: now[0])
    usage.count(["anna"], LIBRARY)
    usage.keep_now_and_then()
    usage.count(["anna"], LIBRARY)
    now[0] = 59.0
    usage.keep_now_and_then()
    assert written(tmp_path) == {"format_version": 1, "uses": {"anna": 1}}
    assert usage.uses("anna") == 2
    now[0] = 61.0
    usage.keep_now_and_then()
    assert written(tmp_path) == {"format_version": 1, "uses": {"anna": 2}}


def test_workers_on_one_folder_know_of_each_others_counts_and_keep_them_once(tmp_path: Path) -> None:
    one, other = Usage(tmp_path), Usage(tmp_path)
    one.count(["anna", "ben"], LIBRARY)
    other.count(["anna"], LIBRARY)
    for usage in (one, other, one, other):
        usage.keep()
    assert one.uses("anna") == other.uses("anna") == 2
    assert one.most_used() == other.most_used() == ["anna", "ben"]


def test_processes_that_count_at_once_lose_nothing(tmp_path: Path) -> None:
    command = [sys.executable, "-c", COUNTING, str(tmp_path)]
    processes = [
        subprocess.Popen([*command, name], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for name in ("ben", "cleo", "ben")
    ]
    for process in processes:
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        process.stdin.write("\n")
        process.stdin.flush()
    for process in processes:
        process.communicate(timeout=60)
        assert process.returncode == 0
    assert written(tmp_path) == {"format_version": 1, "uses": {"anna": 60, "ben": 40, "cleo": 20}}


def test_threads_that_count_and_keep_at_once_lose_nothing(tmp_path: Path) -> None:
    usage = Usage(tmp_path)

    def count() -> None:
        for _ in range(15):
            usage.count(["anna"], LIBRARY)
            usage.keep()

    threads = [threading.Thread(target=count) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (usage.uses("anna"), written(tmp_path)) == (60, {"format_version": 1, "uses": {"anna": 60}})


def _directory(path: Path) -> None:
    path.mkdir()


def _link(path: Path) -> None:
    (path.parent / "elsewhere.json").write_text('{"uses": {"anna": 9}}', encoding="utf-8")
    path.symlink_to(path.parent / "elsewhere.json")


def _content(data: bytes) -> Callable[[Path], None]:
    def write(path: Path) -> None:
        path.write_bytes(data)

    return write


@pytest.mark.parametrize(
    "damage",
    [
        _content(b""),
        _content(b'{"format_version": 1, "uses": {"anna": 3'),
        _content(b'{"format_version": 2, "uses": {}}'),
        _content(b'{"uses": {"../x": 1}}'),
        _content(b'{"uses": {"Jane Roe, her secret": 1}}'),
        _content(b'{"uses": {"anna": -1}}'),
        _content(b'{"uses": {"anna": 1e400}}'),
        _content(b'{"uses": {"anna": %d}}' % (MOST_USES + 1)),
        _content(b'{"uses": {"anna": 1, "anna": 2}}'),
        _content(b'{"uses": ' + b"[" * 100_000),
        _content(b'{"uses": {}}' + b" " * MOST_BYTES),
        _content(json.dumps({"uses": {f"v{index}": 1 for index in range(MOST_ENTRIES + 1)}}).encode()),
        _directory,
        _link,
        os.mkfifo,
    ],
)
def test_a_file_that_is_not_as_it_was_written_is_put_aside_and_counted_anew(
    damage: Callable[[Path], None], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    damage(tmp_path / FILE)
    usage = Usage(tmp_path)
    usage.count(["anna"], LIBRARY)
    usage.keep()
    assert written(tmp_path) == {"format_version": 1, "uses": {"anna": 1}}
    assert os.path.lexists(tmp_path / ASIDE)
    assert [record.levelname for record in caplog.records] == ["ERROR"]
    assert "secret" not in caplog.text


def test_of_too_many_voices_those_used_least_are_forgotten(tmp_path: Path) -> None:
    before = {f"v{index}": 2 for index in range(MOST_ENTRIES - 1)} | {"least": 1}
    (tmp_path / FILE).write_text(json.dumps({"uses": before}), encoding="utf-8")
    usage = Usage(tmp_path)
    for _ in range(3):
        usage.count(["anna"], LIBRARY)
    usage.keep()
    assert usage.uses("least") == 0
    assert usage.most_used()[0] == "anna"
    assert len(usage.most_used()) == MOST_ENTRIES


def test_what_cannot_be_written_now_is_written_later_and_told_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    usage = Usage(tmp_path)
    usage.count(["anna"], LIBRARY)
    monkeypatch.setattr("worker.jobs.usage.PATIENCE_SEC", 0.02)
    with locked(tmp_path):
        usage.keep()
        usage.keep()
    assert [record.levelno for record in caplog.records] == [logging.WARNING]
    assert usage.uses("anna") == 1
    usage.keep()
    assert written(tmp_path) == {"format_version": 1, "uses": {"anna": 1}}


def test_a_disk_that_refuses_is_told_without_a_path(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "voices").write_text("no folder", encoding="utf-8")
    usage = Usage(tmp_path / "voices")
    usage.count(["anna"], LIBRARY)
    usage.keep()
    assert "EEXIST" in caplog.text
    assert str(tmp_path) not in caplog.text
    assert usage.uses("anna") == 1
