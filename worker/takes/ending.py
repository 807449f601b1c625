"""Ending takes with their job: one switch cancels those under way, and those that were heard are let go."""

from __future__ import annotations

import threading
from collections import deque

from worker.engines.base import Submit, Take, Utterance
from worker.takes.cancellation import Cancellation


def ending_with(submit: Submit, cancellation: Cancellation, *, ahead: int) -> Submit:
    """`submit`, whose last `ahead` takes, the only ones that can be under way, end with `cancellation`."""
    window = _Window(ahead)
    cancellation.on_cancel(window.cancel)

    def submit_in_window(utterance: Utterance) -> Take:
        cancellation.stop_if_cancelled()
        take = submit(utterance)
        window.add(take)
        return take

    return submit_in_window


class _Window:
    """The takes that may be under way."""

    def __init__(self, ahead: int) -> None:
        self._lock = threading.Lock()
        self._thrown = False
        self._under_way: deque[Take] = deque(maxlen=ahead)

    def add(self, take: Take) -> None:
        """Takes the place of the oldest; cancels it where that comes too late."""
        with self._lock:
            thrown = self._thrown
            self._under_way.append(take)
        if thrown:
            take.cancel()

    def cancel(self) -> None:
        """Cancels all."""
        with self._lock:
            self._thrown = True
            under_way = tuple(self._under_way)
        for take in under_way:
            take.cancel()
