"""The part of a file that is here already: on disk beside its place, hashed, and this process's alone."""

from __future__ import annotations

import fcntl
import hashlib
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

_BLOCK_BYTES = 1 << 20


class Part:
    """Bytes from the beginning of a file, and the hash of them."""

    def __init__(self, path: Path, stream: BinaryIO) -> None:
        self._path = path
        self._stream = stream
        self._hash = hashlib.sha256()
        self.size = 0
        """Bytes."""
        stream.seek(0)
        while block := stream.read(_BLOCK_BYTES):
            self._hash.update(block)
            self.size += len(block)

    @property
    def sha256(self) -> str:
        """The hash of what is here, in hexadecimal."""
        return self._hash.hexdigest()

    def append(self, block: bytes) -> None:
        """Adds bytes at the end."""
        self._stream.write(block)
        self._hash.update(block)
        self.size += len(block)

    def clear(self) -> None:
        """Throws away what is here."""
        self._stream.truncate(0)
        self._hash = hashlib.sha256()
        self.size = 0

    def keep_as(self, target: Path) -> None:
        """Puts the bytes in their place, all at once, and only when they are safe on disk."""
        self._stream.flush()
        os.fsync(self._stream.fileno())
        self._path.replace(target)


@contextmanager
def owned(path: Path, waiting: Callable[[], None]) -> Iterator[Part]:
    """The part at `path`, which no other process touches meanwhile; calls `waiting` once if one does now.

    A process that ends, however it does, leaves its bytes for the next.
    """
    while True:
        with path.open("a+b") as stream:
            try:
                fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                waiting()
                fcntl.flock(stream, fcntl.LOCK_EX)
            if not _is_at(path, stream):  # its owner has put it in its place, or thrown it away
                continue
            part = Part(path, stream)
            try:
                yield part
            finally:
                if not part.size and _is_at(path, stream):
                    path.unlink()
            return


def sha256_of(path: Path) -> str:
    """The hash of a file, in hexadecimal."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _is_at(path: Path, stream: BinaryIO) -> bool:
    with suppress(FileNotFoundError):
        return os.path.samestat(path.stat(), os.fstat(stream.fileno()))
    return False
