"""The tenure of a loaded engine: what is under way on it, what comes of that, and its end."""

from __future__ import annotations

import threading
import weakref
from collections.abc import Callable, Iterator

from worker.audio.clip import Clip
from worker.engines.base import Engine, Take, Verdict
from worker.engines.breaker import Breaker
from worker.errors import Cancelled, EngineFailed, EnginePoisoned, EngineUnavailable

Begin = Callable[[Engine], Take]
"""Has an engine begin a take."""


class Tenure:
    """One load of an engine, from then until another takes its place."""

    def __init__(self, engine: Engine, breaker: Breaker, *, generation: int = 0) -> None:
        self.engine = engine
        self.breaker = breaker
        self.generation = generation
        """How often an engine of that name had been loaded before."""
        self._changed = threading.Condition()
        self._takes: weakref.WeakSet[WatchedTake] = weakref.WeakSet()
        self._ends = False
        self._ended = False

    def begin(self, begin: Begin) -> Take | None:
        """A take of this engine, under way; None where its tenure is over."""
        take = WatchedTake(self)
        with self._changed:
            if self._ends:
                return None
            self._takes.add(take)
        try:
            take.start(begin(self.engine))
        except (EngineFailed, EngineUnavailable) as error:
            self.note(error)
            raise
        finally:
            if not take.is_under_way:
                self.leave(take)
        return take

    def retire(self) -> None:
        """Begins nothing more."""
        with self._changed:
            self._ends = True

    def end(self, grace_sec: float) -> None:
        """Retires, waits for what is under way, makes the rest fail, and closes the engine, once."""
        self.retire()
        with self._changed:
            self._changed.wait_for(lambda: not self._takes or self._ended, grace_sec)
            if self._ended:
                return
            self._ended = True
            left = list(self._takes)
            self._changed.notify_all()
        for take in left:
            take.abandon()
        self.engine.close()

    def leave(self, take: WatchedTake) -> None:
        """The take has ended."""
        with self._changed:
            self._takes.discard(take)
            self._changed.notify_all()

    def note(self, error: EngineFailed | EngineUnavailable | None) -> None:
        """Tells the breaker what came of a take; the failures of an engine that is being replaced are its own."""
        if self._ends:
            return
        if error is None:
            self.breaker.succeeded()
        elif isinstance(error, EnginePoisoned):
            self.breaker.end()
        else:
            self.breaker.failed()


class WatchedTake:
    """An engine's take, of which its tenure hears how it ended."""

    def __init__(self, tenure: Tenure) -> None:
        self._tenure = tenure
        self._take: Take | None = None
        self._abandoned = False
        self._cancelled = False

    @property
    def is_under_way(self) -> bool:
        """Whether the engine has begun it."""
        return self._take is not None

    def start(self, take: Take) -> None:
        """Follows `take` from here on."""
        self._take = take
        if self._abandoned:
            take.cancel()

    def __iter__(self) -> Iterator[Clip]:
        """The engine's clips."""
        sounds = False
        try:
            for clip in self._begun:
                sounds = sounds or bool(clip.samples.any())
                yield clip
        except (EngineFailed, EngineUnavailable) as error:
            self._tenure.note(error)
            raise
        except Cancelled as error:
            if self._abandoned and not self._cancelled:
                raise EngineFailed("the engine was replaced under an utterance; send the request again") from error
            raise
        else:
            self._tenure.note(None if sounds else EngineFailed("it made no sound"))
        finally:
            self._tenure.leave(self)

    @property
    def verdict(self) -> Verdict:
        """The engine's."""
        return self._begun.verdict

    def cancel(self) -> None:
        """Cancels it for the one who asked for it."""
        self._cancelled = True
        self._begun.cancel()
        self._tenure.leave(self)

    def abandon(self) -> None:
        """Cancels it against the will of the one who asked for it, whom it tells so."""
        self._abandoned = True
        if self._take is not None:
            self._take.cancel()

    @property
    def _begun(self) -> Take:
        if self._take is None:
            raise EngineFailed("the engine has not begun the take")
        return self._take
