"""Cancelling a whole job: one switch ends every take of it."""

from __future__ import annotations

import threading
from collections.abc import Callable

from worker.errors import Cancelled


class Cancellation:
    """A switch that is thrown once, from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._thrown = False
        self._listeners: list[Callable[[], None]] = []

    def cancel(self) -> None:
        """Throws the switch."""
        with self._lock:
            self._thrown = True
            listeners, self._listeners = self._listeners, []
        for listener in listeners:
            listener()

    def stop_if_cancelled(self) -> None:
        """Raises Cancelled once `cancel` was called."""
        if self._thrown:
            raise Cancelled("the job was cancelled")

    def on_cancel(self, listener: Callable[[], None]) -> None:
        """Calls `listener` when the switch is thrown; at once if it was."""
        with self._lock:
            if not self._thrown:
                self._listeners.append(listener)
                return
        listener()
