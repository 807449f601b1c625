"""The bytes of a file in the folder, through no link, and no more of them than the limits allow."""

from __future__ import annotations

import os
import stat
import zlib
from pathlib import Path

from builder.voices.legacy.errors import COPY_AGAIN, DamagedFile, InaccessibleFile, NotAVoiceFile, TooLarge
from builder.voices.legacy.limits import MAX_COMPRESSED_BYTES, MAX_RAW_BYTES

GZIP_MAGIC = b"\x1f\x8b"
GZIP_WINDOW_BITS = 31
"""The largest window, inside a gzip header: zlib then checks the length and the CRC at the end."""


def bytes_of(path: Path, *, at_most: int) -> bytes:
    """What the file holds.

    Raises:
        InaccessibleFile: it cannot be opened or read.
        NotAVoiceFile: it is a link, or no regular file.
        TooLarge: it holds more than `at_most` bytes.
    """
    try:
        _require_regular(path.lstat().st_mode)
        # What takes the file's place only now is not followed if it is a link, nor waited for if it is a pipe.
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        with os.fdopen(handle, "rb") as stream:
            status = os.fstat(handle)
            _require_regular(status.st_mode)
            data = stream.read(min(status.st_size, at_most) + 1)  # and not all it could be, for which memory is taken
    except OSError as error:
        raise InaccessibleFile(f"cannot be read ({os.strerror(error.errno or 0)}); see to its permissions") from error
    if len(data) > at_most:
        raise TooLarge(f"is larger than {at_most:,} bytes; cut its recording to half a minute")
    return data


def _require_regular(mode: int) -> None:
    if stat.S_ISLNK(mode):
        raise NotAVoiceFile("is a link; put the file itself in its place")
    if not stat.S_ISREG(mode):
        raise NotAVoiceFile("is no regular file; move it elsewhere")


def unfolded(data: bytes) -> bytes:
    """`data`, or what it holds if it is gzip, whatever its file is called.

    Raises:
        TooLarge: it, or what it holds, is over a limit; no more than the limit is unfolded.
        DamagedFile: it is damaged or incomplete gzip.
    """
    if not data.startswith(GZIP_MAGIC):
        return data
    if len(data) > MAX_COMPRESSED_BYTES:
        raise TooLarge(f"is larger than {MAX_COMPRESSED_BYTES:,} bytes; cut its recording to half a minute")
    gzip = zlib.decompressobj(GZIP_WINDOW_BITS)
    try:
        raw = gzip.decompress(data, MAX_RAW_BYTES + 1)
    except zlib.error as error:
        raise DamagedFile(f"is damaged gzip; {COPY_AGAIN}") from error
    if len(raw) > MAX_RAW_BYTES:
        raise TooLarge(f"unfolds to more than {MAX_RAW_BYTES:,} bytes; cut its recording to half a minute")
    if not gzip.eof or gzip.unused_data:
        raise DamagedFile(f"is not one whole gzip file; {COPY_AGAIN}")
    return raw
