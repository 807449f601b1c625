"""Warming: after the start, engines derive what they need for the voices used most, before a job waits for it."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator

from voice_library.errors import VoiceLibraryError
from worker.engines.base import CloningEngine
from worker.errors import WorkerError
from worker.jobs.casting import Casting, cast
from worker.jobs.context import Worker
from worker.jobs.portrait import realisation
from worker.jobs.usage import ids_in
from worker.logs import event
from worker.request import SynthesisRequest

PROBE_TEXT = "One, two, three."

logger = logging.getLogger(__name__)


class Warming:
    """Makes voices ready one after another, in a thread of its own; each with the engine that would be cast."""

    def __init__(self, worker: Worker) -> None:
        self._worker = worker
        self._stopped = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begins, unless it was begun before or no voice is to be made ready."""
        if self._thread is None and self._worker.settings.warm_voices:
            self._thread = threading.Thread(target=self._warm, name="warming", daemon=True)
            self._thread.start()

    def close(self) -> None:
        """Ends it; the voice at hand is waited for."""
        self._stopped.set()
        self.join()

    def join(self) -> None:
        """Waits for its end."""
        if self._thread is not None:
            self._thread.join()

    def _warm(self) -> None:
        """The voices used most, then the default voice; those that a formula speaks are ready as they are."""
        self._worker.upkeep.settle()
        began, ready = time.monotonic(), set[tuple[str, str]]()
        for casting in self._castings():
            engine, voice = casting.engine, casting.voice
            if self._stopped.is_set() or len(ready) == self._worker.settings.warm_voices:
                break
            if (engine.name, voice.id) in ready or not isinstance(engine, CloningEngine):
                continue
            if realisation(voice, engine) == "settings":
                continue
            try:
                engine.warm(voice)
            except (WorkerError, VoiceLibraryError) as error:
                _log(voice.id, error)
            else:
                ready.add((engine.name, voice.id))
        event(logger, "voices are warm", voices=len(ready), took_sec=round(time.monotonic() - began, 3))

    def _castings(self) -> Iterator[Casting]:
        known = ids_in(self._worker.library)
        for name in (*(name for name in self._worker.usage.most_used() if name in known), None):
            try:
                yield cast(SynthesisRequest(text=PROBE_TEXT, voice=name), self._worker)
            except (WorkerError, VoiceLibraryError) as error:
                _log(name or "default", error)


def _log(voice_id: str, error: Exception) -> None:
    logger.warning("the voice %r was not made ready: %s", voice_id, error)
