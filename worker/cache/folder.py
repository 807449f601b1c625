"""The folder tier: one file per entry, shared by any number of processes, within a number of bytes."""

from __future__ import annotations

import os
import tempfile
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from worker.cache.figures import Tally
from worker.cache.key import is_key
from worker.cache.packed import LARGEST_BYTES
from worker.cache.sweep import PARTIAL_PREFIX, sweep

SHARD_CHARS = 2
"""256 folders: of a hundred thousand entries each holds four hundred."""
TOUCH_AFTER_SEC = 60.0
"""An entry that was read is marked so at most this often; which entries were used longest ago need no more."""
SWEEP_SHARE = 1 / 20
"""Of the bound: written so much, a process looks what there is, so the folder may grow beyond by this per process."""


class Folder:
    """A store. Files appear whole or not at all; those used longest ago go first."""

    name = "folder"

    def __init__(
        self, folder: Path, *, max_bytes: int, ttl_sec: float, tally: Tally, clock: Callable[[], float] = time.time
    ) -> None:
        """Nothing is read or made yet; `clock` gives seconds since the epoch."""
        self._folder = folder
        self._max_bytes = max_bytes
        self._ttl_sec = ttl_sec
        self._tally = tally
        self._clock = clock
        self._lock = threading.Lock()
        self._sweeping = threading.Lock()
        self._swept_bytes: int | None = None
        self._written_bytes = 0

    @property
    def size_bytes(self) -> int | None:
        """As of the last sweep, with what was written here since."""
        with self._lock:
            return None if self._swept_bytes is None else self._swept_bytes + self._written_bytes

    def get(self, key: str) -> bytes | None:
        """The file's bytes; b"" stands for one that is longer than any entry."""
        try:
            with self._path(key).open("rb") as file:
                status = os.fstat(file.fileno())
                data = file.read(LARGEST_BYTES + 1) if status.st_size <= LARGEST_BYTES else b""
                if self._clock() - status.st_mtime > TOUCH_AFTER_SEC:
                    with suppress(OSError):  # on a volume that is only read, the order of use is not for us to note
                        os.utime(file.fileno(), (self._clock(), self._clock()))
        except FileNotFoundError:
            return None
        return data

    def put(self, key: str, data: bytes) -> None:
        """Written aside, made safe on disk, and only then called by its name."""
        path = self._path(key)
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor, partial = tempfile.mkstemp(dir=path.parent, prefix=PARTIAL_PREFIX)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            Path(partial).replace(path)
        except BaseException:
            Path(partial).unlink(missing_ok=True)
            raise
        self._note(len(data))

    def delete(self, key: str) -> None:
        """Removes the file."""
        self._path(key).unlink(missing_ok=True)

    def sweep(self) -> None:
        """Brings the folder within its bound, without what is too old or was left by writers that died."""
        if not self._sweeping.acquire(blocking=False):
            return
        try:
            swept = sweep(self._folder, max_bytes=self._max_bytes, ttl_sec=self._ttl_sec, now=self._clock())
        finally:
            self._sweeping.release()
        with self._lock:
            self._swept_bytes, self._written_bytes = swept.size_bytes, 0
        self._tally.count("evicted", self.name, swept.evicted)
        self._tally.count("expired", self.name, swept.expired)

    def _path(self, key: str) -> Path:
        if not is_key(key):
            raise ValueError("not a key of the cache")
        return self._folder / key[:SHARD_CHARS] / key

    def _note(self, written_bytes: int) -> None:
        with self._lock:
            self._written_bytes += written_bytes
            is_due = self._swept_bytes is None or self._written_bytes > SWEEP_SHARE * self._max_bytes
        if is_due:
            self.sweep()
