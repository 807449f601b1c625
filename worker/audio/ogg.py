"""Ogg pages with a serial number of our own: libsndfile draws one by chance, and the same audio is to be the same file.

The page and its checksum are those of RFC 3533, section 6.
"""

from __future__ import annotations

import binascii
import struct
from collections.abc import Iterator

from worker.audio.outbox import Outbox, Piece

SERIAL = 1
"""Any number will do for the only stream of a file."""
MAGIC = b"OggS"
HEADER_BYTES = 27
"""Before the table of segments."""
SERIAL_AT = 14
CHECKSUM_AT = 22
SEGMENTS_AT = 26

_REVERSED = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))


class OggOutbox(Outbox):
    """An outbox that gives out whole pages, under SERIAL; an Ogg stream is only ever written at its end."""

    def __init__(self) -> None:
        super().__init__()
        self._held = b""
        self._given = 0

    def taken(self) -> list[Piece]:
        """The pages that are whole by now."""
        self._held += b"".join(piece.data for piece in super().taken())
        pages = b"".join(_renumbered(page) for page in self._whole_pages())
        piece = Piece(self._given, pages)
        self._given += len(pages)
        return [piece] if pages else []

    def _whole_pages(self) -> Iterator[bytes]:
        while len(self._held) > SEGMENTS_AT:
            if not self._held.startswith(MAGIC):
                raise ValueError("an Ogg page does not begin where the last one ended")
            segments = self._held[HEADER_BYTES : HEADER_BYTES + self._held[SEGMENTS_AT]]
            end = HEADER_BYTES + len(segments) + sum(segments)
            if len(segments) < self._held[SEGMENTS_AT] or len(self._held) < end:
                return
            page, self._held = self._held[:end], self._held[end:]
            yield page


def _renumbered(page: bytes) -> bytes:
    blank = bytearray(page)
    struct.pack_into("<I", blank, SERIAL_AT, SERIAL)
    struct.pack_into("<I", blank, CHECKSUM_AT, 0)
    struct.pack_into("<I", blank, CHECKSUM_AT, checksum(bytes(blank)))
    return bytes(blank)


def checksum(data: bytes) -> int:
    """CRC-32 of polynomial 0x04c11db7, highest bit first, from 0 and not inverted.

    zlib's CRC is the same one lowest bit first, from all ones and inverted: reversed bits go in and come out.
    """
    all_ones = 0xFFFF_FFFF
    reflected = binascii.crc32(data.translate(_REVERSED), all_ones) ^ all_ones
    return int(f"{reflected:032b}"[::-1], 2)
