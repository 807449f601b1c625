"""A circuit breaker: whether an engine that has been failing is worth another try yet."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Literal

FAILURES_TO_OPEN = 3
"""In a row. One utterance that an engine cannot say costs two: as it stands, and once the engine is loaded anew."""
COOL_DOWN_SEC = 30.0
"""Seconds without a try; one that fails is as slow as one that works, and whoever waits for it has an alternative."""


class Breaker:
    """Closed while an engine works; open once it has failed too often in a row; half-open when a try is due.

    It refuses nobody by itself: who has an alternative asks `admits`. Safe to use from several threads.
    """

    def __init__(
        self,
        *,
        failures_to_open: int = FAILURES_TO_OPEN,
        cool_down_sec: float = COOL_DOWN_SEC,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._failures_to_open = failures_to_open
        self._cool_down_sec = cool_down_sec
        self._clock = clock
        self._lock = threading.Lock()
        self._failures = 0
        self._next_try: float | None = None
        """By the clock; None while it is closed."""
        self._ended = False

    @property
    def state(self) -> Literal["closed", "open", "half-open"]:
        """Half-open: the next to ask may try."""
        with self._lock:
            if self._next_try is None:
                return "closed"
            return "half-open" if self._is_due() else "open"

    @property
    def failures(self) -> int:
        """How often in a row it has failed."""
        with self._lock:
            return self._failures

    def admits(self) -> bool:
        """Whether to try now; where it is half-open, one is told so and the others wait for what comes of it.

        A try that ends without a result, as a cancelled one does, holds up the next for one cool-down.
        """
        with self._lock:
            if self._next_try is None:
                return True
            if not self._is_due():
                return False
            self._next_try = self._clock() + self._cool_down_sec
            return True

    def succeeded(self) -> None:
        """Closes it, unless the engine has ended."""
        with self._lock:
            if not self._ended:
                self._failures, self._next_try = 0, None

    def failed(self) -> None:
        """Counts a failure; opens it, or keeps it open, where they are too many."""
        with self._lock:
            self._failures += 1
            if self._failures >= self._failures_to_open:
                self._next_try = self._clock() + self._cool_down_sec

    def end(self) -> None:
        """Opens it for good: the engine will not work again in this process."""
        with self._lock:
            self._ended = True
            self._failures += 1
            self._next_try = self._clock()

    def _is_due(self) -> bool:
        return not self._ended and self._next_try is not None and self._clock() >= self._next_try
