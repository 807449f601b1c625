from __future__ import annotations

import errno
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from worker.delivery.volume import to_volume
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


def test_audio_is_stored_whole_under_a_name_of_its_own(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "folder"
    first, second = (Path(to_volume(b"audio", folder, ".mp3").audio_path or "") for _ in range(2))
    assert first != second
    assert first.read_bytes() == second.read_bytes() == b"audio"
    assert {path.name for path in folder.iterdir()} == {first.name, second.name}
    assert first.stat().st_mode & 0o777 == 0o644


def test_a_full_disk_is_a_typed_error_and_leaves_nothing_behind(small_disk: Path) -> None:
    with pytest.raises(StorageFull, match=str(2 * SMALL_BYTES)) as caught:
        to_volume(bytes(2 * SMALL_BYTES), small_disk, ".mp3")
    assert caught.value.retryable
    assert list(small_disk.iterdir()) == []
    assert to_volume(b"fits", small_disk, ".mp3").audio_path


def test_a_folder_that_cannot_be_written_to_is_a_typed_error_without_its_path(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_bytes(b"")
    with pytest.raises(DeliveryFailed, match=r"EEXIST|ENOTDIR") as caught:
        to_volume(b"audio", file, ".mp3")
    assert str(tmp_path) not in str(caught.value)


def test_a_write_that_fails_half_way_leaves_no_partial_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_descriptor: int) -> None:
        raise OSError(errno.EIO, "planned")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(DeliveryFailed, match="EIO"):
        to_volume(b"audio", tmp_path, ".mp3")
    assert list(tmp_path.iterdir()) == []
