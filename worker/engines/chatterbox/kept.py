"""What was made of a voice and may be needed again, within a number of bytes."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable

from torch import Tensor


class Kept:
    """Tensors by the object they were made of, which is kept with them; those used longest ago go first."""

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._bytes = 0
        self._entries: OrderedDict[int, tuple[object, Tensor]] = OrderedDict()
        self._lock = threading.Lock()

    def of(self, origin: object, make: Callable[[], Tensor]) -> Tensor:
        """What `make` makes of `origin`, or made of it before; two threads may both make it, to the same effect."""
        with self._lock:
            if id(origin) in self._entries:
                self._entries.move_to_end(id(origin))
                return self._entries[id(origin)][1]
        made = make()
        with self._lock:
            if id(origin) not in self._entries:
                self._entries[id(origin)] = (origin, made)
                self._bytes += made.nbytes
            while self._bytes > self._max_bytes and len(self._entries) > 1:
                _, (_, oldest) = self._entries.popitem(last=False)
                self._bytes -= oldest.nbytes
        return made
