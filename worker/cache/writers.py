"""Writers: what is kept goes to the slow tiers in the background, in bounded number."""

from __future__ import annotations

import logging
import threading
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextvars import copy_context

from worker.cache.entry import Entry
from worker.cache.figures import Tally
from worker.cache.packed import pack
from worker.cache.tier import Tier

THREADS = 2
LARGEST_BACKLOG_BYTES = 128 * 2**20
"""Of entries that wait; a tier this far behind does not get the next ones."""

logger = logging.getLogger(__name__)


class Writers:
    """Puts entries into tiers, each packed once; the job that made them does not wait."""

    def __init__(self, tally: Tally, *, largest_backlog_bytes: int = LARGEST_BACKLOG_BYTES) -> None:
        self._tally = tally
        self._largest_backlog_bytes = largest_backlog_bytes
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="cache-writer")
        self._lock = threading.Lock()
        self._waiting: dict[Future[None], int] = {}
        self._is_closed = False

    def write(self, key: str, entry: Entry, tiers: Sequence[Tier]) -> None:
        """Returns at once; where too much waits already, the entry is dropped."""
        if not tiers:
            return
        size_bytes = entry.size_bytes
        with self._lock:
            if self._is_closed or sum(self._waiting.values()) + size_bytes > self._largest_backlog_bytes:
                self._tally.count("dropped")
                return
            writing = self._threads.submit(copy_context().run, self._write, key, entry, tiers)
            self._waiting[writing] = size_bytes
        writing.add_done_callback(self._done)

    def settle(self, within_sec: float) -> None:
        """Waits for what is being written, for so long at most."""
        with self._lock:
            waiting = list(self._waiting)
        wait(waiting, within_sec)

    def close(self, within_sec: float) -> None:
        """Writes what waits, for so long at most, and nothing after it."""
        with self._lock:
            self._is_closed = True
        self.settle(within_sec)
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _write(self, key: str, entry: Entry, tiers: Sequence[Tier]) -> None:
        try:
            data = pack(entry, key)
        except ValueError:  # longer than an entry may be
            self._tally.count("dropped")
            return
        for tier in tiers:
            tier.put(key, data)

    def _done(self, writing: Future[None]) -> None:
        with self._lock:
            del self._waiting[writing]
        if not writing.cancelled() and (error := writing.exception()) is not None:
            logger.error("an utterance could not be written to the cache", exc_info=error)
