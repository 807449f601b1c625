"""Cancelling a whole job: one token ends every take of it."""

from __future__ import annotations

import threading

from worker.engines.base import Submit, Take, Utterance
from worker.errors import Cancelled


class Cancellation:
    """A switch that is thrown once, from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._thrown = False
        self._takes: list[Take] = []

    def cancel(self) -> None:
        """Cancels every take that was or will be watched."""
        with self._lock:
            self._thrown = True
            takes, self._takes = self._takes, []
        for take in takes:
            take.cancel()

    def stop_if_cancelled(self) -> None:
        """Raises Cancelled once `cancel` was called."""
        if self._thrown:
            raise Cancelled("the job was cancelled")

    def watch(self, take: Take) -> Take:
        """Returns `take`, to be cancelled with the job."""
        with self._lock:
            self._takes.append(take)
            thrown = self._thrown
        if thrown:
            take.cancel()
        return take


def cancellable(submit: Submit, cancellation: Cancellation) -> Submit:
    """`submit`, whose takes end with `cancellation`."""

    def submit_watched(utterance: Utterance) -> Take:
        cancellation.stop_if_cancelled()
        return cancellation.watch(submit(utterance))

    return submit_watched
