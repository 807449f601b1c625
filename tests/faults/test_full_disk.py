from __future__ import annotations

import errno
from pathlib import Path

import pytest

from tests.faults.full_disk import full_disk

MEBIBYTE = 1 << 20


def test_a_small_disk_is_full_after_its_size(tmp_path: Path) -> None:
    with full_disk(tmp_path, MEBIBYTE) as disk:
        (disk / "fits").write_bytes(bytes(MEBIBYTE))
        with pytest.raises(OSError, match="space") as refusal:
            (disk / "more").write_bytes(b"x")
        assert refusal.value.errno == errno.ENOSPC
    assert list(tmp_path.iterdir()) == []


def test_a_disk_without_inodes_takes_no_more_files(tmp_path: Path) -> None:
    with full_disk(tmp_path, MEBIBYTE, max_files=3) as disk:
        (disk / "first").touch()
        (disk / "second").touch()
        with pytest.raises(OSError, match="space"):
            (disk / "third").touch()


def test_a_read_only_disk_refuses_every_write(tmp_path: Path) -> None:
    with full_disk(tmp_path, MEBIBYTE, read_only=True) as disk, pytest.raises(OSError, match="Read-only"):
        (disk / "file").touch()


def test_an_error_inside_unmounts_too(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError), full_disk(tmp_path, MEBIBYTE) as disk:
        (disk / "absent").unlink()
    assert not tmp_path.is_mount()
    assert list(tmp_path.iterdir()) == []
