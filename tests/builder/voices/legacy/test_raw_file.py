"""How bytes come off the disk."""

from __future__ import annotations

import gzip
import tracemalloc
from pathlib import Path

import pytest

from builder.voices.legacy import raw_file
from builder.voices.legacy.errors import DamagedFile, InaccessibleFile, NotAVoiceFile, TooLarge
from builder.voices.legacy.limits import MAX_COMPRESSED_BYTES
from builder.voices.legacy.raw_file import bytes_of, unfolded


def test_a_file_at_the_limit_is_read_and_one_above_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.pkl"
    path.write_bytes(b"12345678")
    assert bytes_of(path, at_most=8) == b"12345678"
    with pytest.raises(TooLarge, match="larger than 7 bytes"):
        bytes_of(path, at_most=7)


def test_a_device_that_never_ends_is_not_read() -> None:
    with pytest.raises(NotAVoiceFile, match="no regular file"):
        bytes_of(Path("/dev/zero"), at_most=8)


def test_a_file_that_is_gone_is_inaccessible(tmp_path: Path) -> None:
    with pytest.raises(InaccessibleFile, match="No such file"):
        bytes_of(tmp_path / "a.pkl", at_most=8)


def test_what_is_not_gzip_is_left_as_it_is() -> None:
    assert unfolded(b"\x80\x04N.") == b"\x80\x04N."


def test_a_gzip_bomb_is_unfolded_no_further_than_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(raw_file, "MAX_RAW_BYTES", 1 << 20)
    data = gzip.compress(bytes(64 << 20), 1)
    tracemalloc.start()
    try:
        with pytest.raises(TooLarge, match="unfolds to more than 1,048,576 bytes"):
            unfolded(data)
        assert tracemalloc.get_traced_memory()[1] < 4 << 20
    finally:
        tracemalloc.stop()


def test_a_large_gzip_file_is_refused_unread() -> None:
    with pytest.raises(TooLarge):
        unfolded(b"\x1f\x8b" + bytes(MAX_COMPRESSED_BYTES))


def test_gzip_cut_short_anywhere_is_damaged() -> None:
    data = gzip.compress(b"some text")
    for end in range(2, len(data)):
        with pytest.raises(DamagedFile):
            unfolded(data[:end])


@pytest.mark.parametrize("position", [12, -8, -1])
def test_gzip_with_a_changed_byte_is_damaged(position: int) -> None:
    data = bytearray(gzip.compress(b"some text" * 5))
    data[position] ^= 0x5A
    with pytest.raises(DamagedFile):
        unfolded(bytes(data))


@pytest.mark.parametrize("more", [b"\0", gzip.compress(b"")])
def test_what_follows_a_gzip_file_is_refused(more: bytes) -> None:
    with pytest.raises(DamagedFile):
        unfolded(gzip.compress(b"text") + more)
