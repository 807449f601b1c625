"""A slow tier: entries in a store that may be out of order, which is then left in peace for a while."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from worker.cache.entry import Entry
from worker.cache.figures import Counted, Tally
from worker.cache.packed import Corrupt, unpack
from worker.cache.store import STORE_ERRORS, Store

logger = logging.getLogger(__name__)

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """When a store is left in peace."""

    failures: int = 3
    """So many in a row."""
    rest_sec: float = 60.0


class Tier:
    """Never raises what a store raises: an entry that cannot be had is one that is not there."""

    def __init__(
        self,
        store: Store,
        *,
        ttl_sec: float,
        tally: Tally,
        patience: Patience | None = None,
        clock: Callable[[], float] = time.time,
        timer: Callable[[], float] = time.monotonic,
    ) -> None:
        """`clock` gives seconds since the epoch and says how old an entry is, `timer` measures rests."""
        self._store = store
        self._ttl_sec = ttl_sec
        self._tally = tally
        self._clock = clock
        # Reading goes on where writing does not, as on a disk that is full.
        self._reading, self._writing = (_Circuit(patience or Patience(), timer) for _ in range(2))

    @property
    def name(self) -> str:
        """The store's."""
        return self._store.name

    @property
    def size_bytes(self) -> int | None:
        """The store's."""
        return self._store.size_bytes

    def get(self, key: str) -> Entry | None:
        """The entry under `key`, if it is there, whole, and not too old; one that is not is deleted."""
        data = self._asked(self._reading, lambda: self._store.get(key))
        if data is None:
            return None
        try:
            entry = unpack(data, key)
        except Corrupt as error:
            logger.warning("a damaged cache entry was thrown away", exc_info=error, extra=self._figures)
            self._throw_out(key, "corrupted")
            return None
        if entry.made_at + self._ttl_sec <= self._clock():
            self._throw_out(key, "expired")
            return None
        return entry

    def put(self, key: str, data: bytes) -> None:
        """Keeps a packed entry, if the store is in order."""

        def put() -> bool:
            self._store.put(key, data)
            return True

        if self._asked(self._writing, put):
            self._tally.count("stored", self.name)

    def _throw_out(self, key: str, why: Counted) -> None:
        self._tally.count(why, self.name)
        self._asked(self._writing, lambda: self._store.delete(key))

    def _asked(self, circuit: _Circuit, request: Callable[[], Result]) -> Result | None:
        if not circuit.is_closed:
            self._tally.count("skipped", self.name)
            return None
        try:
            result = request()
        except STORE_ERRORS as error:
            self._tally.count("failed", self.name)
            if circuit.failed():
                logger.warning("a tier of the cache is out of order and rests", exc_info=error, extra=self._figures)
            return None
        circuit.succeeded()
        return result

    @property
    def _figures(self) -> dict[str, object]:
        return {"figures": {"tier": self.name}}


class _Circuit:
    """Opens after failures in a row; after a rest each request is a try, and the first success closes it."""

    def __init__(self, patience: Patience, timer: Callable[[], float]) -> None:
        self._patience = patience
        self._timer = timer
        self._lock = threading.Lock()
        self._failures = 0
        self._rests_until: float | None = None
        self._is_known_open = False

    @property
    def is_closed(self) -> bool:
        with self._lock:
            return self._rests_until is None or self._timer() >= self._rests_until

    def failed(self) -> bool:
        """Whether this is the failure that opens it, which is worth a line in the log."""
        with self._lock:
            self._failures += 1
            if self._failures < self._patience.failures:
                return False
            self._rests_until = self._timer() + self._patience.rest_sec
            is_news, self._is_known_open = not self._is_known_open, True
            return is_news

    def succeeded(self) -> None:
        with self._lock:
            self._failures, self._rests_until, self._is_known_open = 0, None, False
