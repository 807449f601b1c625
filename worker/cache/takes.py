"""Takes of the cache: one that was finished long ago, and one that others listen to as well."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace

from worker.audio.clip import Clip
from worker.cache.entry import Entry
from worker.cache.flight import Flight
from worker.engines.base import Verdict
from worker.errors import Cancelled


class KeptTake:
    """An entry, heard again; it lets go of the audio once it was heard."""

    def __init__(self, entry: Entry) -> None:
        self.verdict = replace(entry.verdict, cached=True)
        self._clips = entry.clips
        self._is_cancelled = False

    def __iter__(self) -> Iterator[Clip]:
        """The clips of the entry."""
        clips, self._clips = self._clips, ()
        for clip in clips:
            self._stop_if_cancelled()
            yield clip
        self._stop_if_cancelled()

    def cancel(self) -> None:
        """Makes the reader raise at the next clip."""
        self._is_cancelled, self._clips = True, ()

    def _stop_if_cancelled(self) -> None:
        if self._is_cancelled:
            raise Cancelled("the utterance was cancelled")


class SharedTake:
    """A listener of a flight; it lets go of the flight once it was heard or cancelled."""

    def __init__(self, flight: Flight) -> None:
        """`flight` was joined for it."""
        self._lock = threading.Lock()
        self._flight: Flight | None = flight
        self._verdict: Verdict | None = None

    def __iter__(self) -> Iterator[Clip]:
        """Clips as the flight has them."""
        flight = self._flight
        if flight is None:
            raise Cancelled("the utterance was cancelled")
        yield from flight.listen(lambda: self._flight is None)
        self._verdict = flight.verdict
        self.cancel()

    @property
    def verdict(self) -> Verdict:
        """The flight's."""
        if self._verdict is None:
            raise ValueError("a verdict is known once the last clip has been read")
        return self._verdict

    def cancel(self) -> None:
        """Leaves the flight; whoever else listens goes on."""
        with self._lock:
            flight, self._flight = self._flight, None
        if flight is not None:
            flight.part()
