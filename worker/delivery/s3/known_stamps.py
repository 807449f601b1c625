"""What is known of the objects in a bucket, by several who ask and change at the same time."""

from __future__ import annotations

import threading
from collections.abc import Mapping


class KnownStamps:
    """The stamp of every voice as the latest answer had it: one to an earlier question never undoes it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._time = 0
        self._facts: dict[str, tuple[int, str | None]] = {}
        """By id, when it was so, and the stamp; of those that are gone, until a list was asked for later."""

    def now(self) -> int:
        """A time, to be taken before a question is asked, or after something was changed; later than all before."""
        with self._lock:
            self._time += 1
            return self._time

    def get(self, voice_id: str) -> str | None:
        """The stamp, None where there is, as far as is known, no such voice."""
        return self._facts.get(voice_id, (0, None))[1]

    def note(self, voice_id: str, stamp: str | None, *, at: int) -> None:
        """That the voice had the stamp then, or was not there."""
        with self._lock:
            if voice_id in self._facts or stamp is not None:
                self._facts[voice_id] = max(self._facts.get(voice_id, (0, None)), (at, stamp), key=lambda fact: fact[0])

    def note_all(self, stamps: Mapping[str, str], *, at: int) -> dict[str, str]:
        """That these were all there were then; those of now, as far as is known."""
        with self._lock:
            later = {voice_id: fact for voice_id, fact in self._facts.items() if fact[0] > at}
            self._facts = {voice_id: (at, stamp) for voice_id, stamp in stamps.items()} | later
            return {voice_id: stamp for voice_id, (_, stamp) in self._facts.items() if stamp is not None}
