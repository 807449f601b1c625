"""Chapter marks: where chapters begin in an audio file, inside an MP3 or as a cue sheet beside any file."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from worker.audio.encode import Writable

MOST_MARKS = 255
"""A table of contents counts its entries in one byte."""
NO_OFFSET = 0xFFFF_FFFF
"""Says of a place in bytes that the one in milliseconds counts."""
TOP_LEVEL_ORDERED = 0b11
TAG_HEADER_BYTES = 10
LARGEST_TAG_BYTES = 2**28 - 1
TITLE_CHARS = 200
"""Longer titles end there."""
CUE_FRAMES_PER_SEC = 75
"""Those of a compact disc, in which cue sheets count."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """A chapter of a file."""

    title: str
    start_sec: float = 0.0
    end_sec: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class MarkedFile:
    """A file and its chapters."""

    name: str
    marks: tuple[Mark, ...]


class Behind:
    """A file that begins some way into another, which begins with something else."""

    def __init__(self, file: Writable, offset: int) -> None:
        """`offset` is in bytes; the other file has been written up to there."""
        self._file = file
        self._offset = offset

    def seek(self, offset: int, /) -> int:
        """Moves to `offset` of this file."""
        return self._file.seek(self._offset + offset) - self._offset

    def write(self, data: bytes, /) -> int:
        """Takes all of `data`."""
        return self._file.write(data)


def id3_chapters(marks: Sequence[Mark], *, size_bytes: int = 0) -> bytes:
    """An ID3v2.3 tag with the first MOST_MARKS marks and zeros up to `size_bytes`, which precedes an MP3's frames.

    Its length depends on the titles alone, so a tag without times holds the place of the one with them.
    Layout: https://id3.org/id3v2.3.0 and https://id3.org/id3v2-chapters-1.0.

    Raises:
        ValueError: the marks need more than `size_bytes`, where that is given.
    """
    marks = marks[:MOST_MARKS]
    names = [f"chp{number}".encode("ascii") + b"\0" for number in range(len(marks))]
    contents = b"toc\0" + bytes([TOP_LEVEL_ORDERED, len(marks)]) + b"".join(names)
    frames = [_frame(b"CTOC", contents)]
    frames += [_frame(b"CHAP", name + _times(mark) + _title(mark)) for name, mark in zip(names, marks, strict=True)]
    body = b"".join(frames)
    if size_bytes and len(body) + TAG_HEADER_BYTES > size_bytes:
        raise ValueError(f"the marks need {len(body) + TAG_HEADER_BYTES} bytes, not {size_bytes}")
    body = body.ljust(size_bytes - TAG_HEADER_BYTES, b"\0")
    return struct.pack(">3sBBB", b"ID3", 3, 0, 0) + _syncsafe(len(body)) + body


def cue_sheet(files: Iterable[MarkedFile], *, title: str | None = None, performer: str | None = None) -> str:
    """A cue sheet of all the files, one track per mark, numbered through."""
    lines = [f'{name} "{_quotable(value)}"' for name, value in (("PERFORMER", performer), ("TITLE", title)) if value]
    track = 0
    for file in files:
        lines.append(f'FILE "{file.name}" {"MP3" if file.name.endswith(".mp3") else "WAVE"}')
        for mark in file.marks:
            track += 1
            lines.append(f"  TRACK {track:02} AUDIO")
            lines.append(f'    TITLE "{_quotable(mark.title)}"')
            lines.append(f"    INDEX 01 {_cue_clock(mark.start_sec)}")
    return "\n".join([*lines, ""])


def _frame(name: bytes, data: bytes) -> bytes:
    return name + struct.pack(">IH", len(data), 0) + data


def _times(mark: Mark) -> bytes:
    return struct.pack(">IIII", round(mark.start_sec * 1000), round(mark.end_sec * 1000), NO_OFFSET, NO_OFFSET)


def _title(mark: Mark) -> bytes:
    """A title frame in UTF-16 with its byte order, the only Unicode of this version."""
    title = _one_line(mark.title)[:TITLE_CHARS].encode("utf-16-le")
    return _frame(b"TIT2", b"\x01\xff\xfe" + title)


def _syncsafe(number: int) -> bytes:
    """28 bits in four bytes of seven, none of which looks like the start of an MPEG frame."""
    if number > LARGEST_TAG_BYTES:
        raise ValueError("an ID3 tag has 256 MiB at most")
    return bytes(number >> shift & 0x7F for shift in (21, 14, 7, 0))


def _cue_clock(moment_sec: float) -> str:
    """`mm:ss:ff`; minutes go beyond 99."""
    seconds, frames = divmod(round(moment_sec * CUE_FRAMES_PER_SEC), CUE_FRAMES_PER_SEC)
    return f"{seconds // 60:02}:{seconds % 60:02}:{frames:02}"


def _quotable(text: str) -> str:
    """On one line, without the quotation marks around it."""
    return _one_line(text).replace('"', "'")


def _one_line(text: str) -> str:
    return " ".join(text.encode(errors="ignore").decode().split())
