from __future__ import annotations

import errno
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from worker.delivery.volume import VolumeSink
from worker.errors import DeliveryFailed, StorageFull

SMALL_BYTES = 64 * 1024


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 64 KiB."""
    mount = ["mount", "-t", "tmpfs", "-o", f"size={SMALL_BYTES}", "tmpfs", str(tmp_path)]
    if os.geteuid() != 0 or subprocess.run(mount, check=False, capture_output=True).returncode != 0:
        pytest.skip("mounting a small file system needs root")
    yield tmp_path
    subprocess.run(["umount", str(tmp_path)], check=True)


def stored(audio: bytes, folder: Path) -> Path:
    sink = VolumeSink(folder, ".mp3")
    try:
        sink.write(audio)
        return Path(sink.finish(rest_bytes=0).audio_path or "")
    except BaseException:
        sink.abort()
        raise


def test_audio_is_stored_whole_under_a_name_of_its_own(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "folder"
    first, second = stored(b"audio", folder), stored(b"audio", folder)
    assert first != second
    assert first.read_bytes() == second.read_bytes() == b"audio"
    assert {path.name for path in folder.iterdir()} == {first.name, second.name}
    assert first.stat().st_mode & 0o777 == 0o644


def test_nothing_is_seen_under_the_final_name_before_the_end(tmp_path: Path) -> None:
    sink = VolumeSink(tmp_path, ".mp3")
    sink.write(b"half")
    assert [path.suffix for path in tmp_path.iterdir() if not path.name.startswith(".")] == []
    sink.abort()
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_is_a_typed_error_and_leaves_nothing_behind(small_disk: Path) -> None:
    with pytest.raises(StorageFull, match="full") as caught:
        stored(bytes(2 * SMALL_BYTES), small_disk)
    assert caught.value.retryable
    assert list(small_disk.iterdir()) == []
    assert stored(b"fits", small_disk).read_bytes() == b"fits"


def test_a_folder_that_cannot_be_written_to_is_a_typed_error_without_its_path(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_bytes(b"")
    with pytest.raises(DeliveryFailed, match=r"EEXIST|ENOTDIR") as caught:
        stored(b"audio", file)
    assert str(tmp_path) not in str(caught.value)


def test_a_write_that_fails_half_way_leaves_no_partial_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_descriptor: int) -> None:
        raise OSError(errno.EIO, "planned")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(DeliveryFailed, match="EIO"):
        stored(b"audio", tmp_path)
    assert list(tmp_path.iterdir()) == []
