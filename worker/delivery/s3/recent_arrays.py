"""Arrays of voices that were fetched, as many as there is room for."""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable, Mapping
from typing import Any

from cachetools import LRUCache
from numpy.typing import NDArray

from worker.delivery.s3.shared_calls import SharedCalls

Arrays = Mapping[str, NDArray[Any]]


class RecentArrays:
    """Keeps what was used last, up to a number of bytes; for any number of threads."""

    def __init__(self, size_bytes: int) -> None:
        self._lock = threading.Lock()
        self._kept: LRUCache[Hashable, Arrays] = LRUCache(size_bytes, getsizeof=_size_bytes)
        self._fetches: SharedCalls[Arrays] = SharedCalls()

    def get(self, key: Hashable, fetch: Callable[[], Arrays]) -> Arrays:
        """The arrays of that key: those kept, or those that `fetch` gives, once for all who wait for them."""
        kept = self._get(key)
        return self._fetches.call(key, lambda: self._get_or_put(key, fetch)) if kept is None else kept

    def put(self, key: Hashable, arrays: Arrays) -> None:
        """Keeps the arrays, unless they alone are more than there is room for."""
        with self._lock:
            if _size_bytes(arrays) <= self._kept.maxsize:
                self._kept[key] = arrays

    def _get(self, key: Hashable) -> Arrays | None:
        with self._lock:
            return self._kept.get(key)

    def _get_or_put(self, key: Hashable, fetch: Callable[[], Arrays]) -> Arrays:
        arrays = self._get(key)
        if arrays is None:
            arrays = fetch()
            self.put(key, arrays)
        return arrays


def _size_bytes(arrays: Arrays) -> int:
    return sum(array.nbytes for array in arrays.values())
