"""An outbox: a file under way, of which only what nobody has taken yet is in memory."""

from __future__ import annotations

import os
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Piece:
    """Bytes and where in the file they belong."""

    offset: int
    data: bytes


@dataclass(slots=True)
class Outbox:
    """A file open for writing that forgets what has been taken from it; libsndfile writes into it."""

    _position: int = 0
    _end: int = 0
    _pieces: list[Piece] = field(default_factory=list)

    def write(self, data: bytes) -> int:
        """Keeps the bytes until they are taken."""
        self._pieces.append(Piece(self._position, data))
        self._position += len(data)
        self._end = max(self._end, self._position)
        return len(data)

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """As a file's own."""
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._position, os.SEEK_END: self._end}[whence]
        self._position = base + offset
        return self._position

    def tell(self) -> int:
        """As a file's own."""
        return self._position

    def read(self, _size: int = -1) -> bytes:
        """Nothing: an encoder never reads, but soundfile wants the method."""
        return b""

    def taken(self) -> list[Piece]:
        """What was written since the last call, in order, neighbours made one."""
        joined: list[tuple[int, bytearray]] = []
        for piece in self._pieces:
            if joined and piece.offset == joined[-1][0] + len(joined[-1][1]):
                joined[-1][1].extend(piece.data)
            else:
                joined.append((piece.offset, bytearray(piece.data)))
        self._pieces.clear()
        return [Piece(offset, bytes(data)) for offset, data in joined]
