"""What was made once and may be needed again, within a number of bytes."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from weakref import WeakValueDictionary

from torch import Tensor


class Kept:
    """Tensors `[layer, position, …]` by the key of what they were made of; those used longest ago go first."""

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._bytes = 0
        self._entries: OrderedDict[Hashable, Tensor] = OrderedDict()
        self._turns: WeakValueDictionary[Hashable, threading.Lock] = WeakValueDictionary()
        """Of the threads that make the same."""
        self._lock = threading.Lock()

    def of(self, key: Hashable, make: Callable[[Tensor | None], Tensor], *, length: int = 0) -> Tensor:
        """What is kept under `key`, of `length` positions at least.

        Where it is shorter or missing, one thread has it made of what there is, and others that want it wait.
        """
        found = self._found(key)
        if found is not None and found.shape[1] >= length:
            return found
        with self._turn(key):
            found = self._found(key)
            if found is None or found.shape[1] < length:
                found = make(found)
                self._keep(key, found)
        return found

    def _found(self, key: Hashable) -> Tensor | None:
        with self._lock:
            if key in self._entries:
                self._entries.move_to_end(key)
            return self._entries.get(key)

    def _turn(self, key: Hashable) -> threading.Lock:
        with self._lock:
            return self._turns.setdefault(key, threading.Lock())

    def _keep(self, key: Hashable, made: Tensor) -> None:
        with self._lock:
            shorter = self._entries.pop(key, None)
            self._bytes += made.nbytes - (0 if shorter is None else shorter.nbytes)
            self._entries[key] = made
            while self._bytes > self._max_bytes and len(self._entries) > 1:
                _, oldest = self._entries.popitem(last=False)
                self._bytes -= oldest.nbytes
