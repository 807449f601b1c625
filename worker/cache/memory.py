"""The memory tier: the entries used last, within a number of bytes and for a time."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from cachetools import TLRUCache

from worker.cache.entry import Entry
from worker.cache.figures import Tally

NAME = "memory"


class Memory:
    """Entries by key; those used longest ago go first. For any number of threads."""

    def __init__(self, *, max_bytes: int, ttl_sec: float, tally: Tally, clock: Callable[[], float] = time.time) -> None:
        """`clock` gives seconds since the epoch, as `Entry.made_at` does."""
        self._lock = threading.Lock()
        self._tally = tally
        self._kept = _Kept(max_bytes, ttl_sec, clock)

    @property
    def size_bytes(self) -> int:
        """Of all entries."""
        with self._lock:
            return int(self._kept.currsize)

    def get(self, key: str) -> Entry | None:
        """The entry, if it is there and not too old."""
        with self._lock:
            try:
                return self._kept[key]
            except KeyError:
                return None

    def put(self, key: str, entry: Entry) -> None:
        """Keeps it, unless it is larger than everything together may be."""
        with self._lock:
            if entry.size_bytes > self._kept.maxsize:
                return
            self._kept.evicted = 0
            self._kept[key] = entry
            evicted = self._kept.evicted
        if evicted:
            self._tally.count("evicted", NAME, evicted)


class _Kept(TLRUCache[str, Entry]):
    """Counts what it throws out for want of room."""

    def __init__(self, max_bytes: int, ttl_sec: float, clock: Callable[[], float]) -> None:
        super().__init__(
            maxsize=max_bytes,
            ttu=lambda _key, entry, _now: entry.made_at + ttl_sec,
            timer=clock,
            getsizeof=lambda entry: entry.size_bytes,
        )
        self.evicted = 0

    def popitem(self) -> tuple[str, Entry]:
        """The one used longest ago."""
        self.evicted += 1
        return super().popitem()
