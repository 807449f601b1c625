"""Progress: how far a job is, for whoever waits for it."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Generator, Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Protocol, TypeVar, runtime_checkable

from worker.engines.base import Utterance

EVERY_SEC = 5.0
"""Between two reports, unless a front end says otherwise."""

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class ProgressReport:
    """How far a job is; of its figures, only `speed` and `remaining_sec` may change for the worse."""

    done: float | None
    """Share of the text that has been spoken, 0…1; None where the length of the text is not known."""
    audio_sec: float
    """Seconds of audio made, with its silences."""
    elapsed_sec: float
    """Since the recording was begun."""
    speed: float | None
    """Seconds of audio made per second of work; None before there is any."""
    remaining_sec: float | None
    """Until all is spoken, at the speed so far; None where nobody can tell."""
    utterances: int
    """How many have been spoken to their end."""
    again: bool
    """Whether the recording is being made anew, because it could not be delivered as it was."""


Listener = Callable[[ProgressReport], object]


class Progress:
    """Counts what a job has spoken and tells a listener of it now and then; safe to use from several threads."""

    def __init__(
        self,
        listener: Listener | None = None,
        *,
        every_sec: float = EVERY_SEC,
        after_sec: float | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`listener` hears of a job that takes `after_sec` or longer, then every `every_sec`, and at its end.

        It is called in the job's thread, one call at a time; one that raises is not called again. `after_sec` is
        `every_sec` where it is not given.
        """
        self._listener = listener
        self._every_sec = every_sec
        self._due_sec = every_sec if after_sec is None else after_sec
        """When the next report is due; until the recording is begun, how long after that."""
        self._clock = clock
        self._lock = threading.RLock()
        self._began_sec: float | None = None
        self._making = _Making(began_sec=0.0)
        self._reached = _Reached()
        self._again = False
        self._told = False
        self._in_parts = False

    def begin(self, total_chars: int | None, *, already_chars: int = 0, in_parts: bool = False) -> None:
        """A recording of `total_chars` is begun, or begun anew; `already_chars` of them were spoken before the job.

        Of a recording that is made `in_parts`, later beginnings are those of its parts and change nothing.
        """
        with self._lock:
            if self._in_parts and not in_parts:
                return
            now_sec, self._in_parts = self._clock(), in_parts
            self._again = self._began_sec is not None
            if self._began_sec is None:
                self._began_sec = now_sec
                self._due_sec += now_sec
            self._making = _Making(began_sec=now_sec, total_chars=total_chars, already_chars=already_chars)
            self._reached.raise_to(self._making)

    def spoken(self, chars: int, audio_sec: float) -> None:
        """An utterance of `chars` was spoken to its end, as `audio_sec` of audio."""
        with self._lock:
            if self._began_sec is None:
                self.begin(None)
            self._making.chars += chars
            self._making.audio_sec += audio_sec
            self._making.utterances += 1
            self._reached.raise_to(self._making)
            if self._clock() >= self._due_sec:
                self._tell()

    def end(self) -> None:
        """The recording is spoken to its end; of a part of one, this says nothing."""
        with self._lock:
            if self._in_parts or self._began_sec is None:
                return
            self._making.total_chars = self._making.already_chars + self._making.chars
            self._reached.raise_to(self._making)
            if self._told:
                self._tell()

    def report(self) -> ProgressReport:
        """How far the job is at this moment."""
        with self._lock:
            now_sec, making, reached = self._clock(), self._making, self._reached
            return ProgressReport(
                done=reached.done,
                audio_sec=reached.audio_sec,
                elapsed_sec=0.0 if self._began_sec is None else now_sec - self._began_sec,
                speed=making.speed(now_sec),
                remaining_sec=making.remaining_sec(now_sec),
                utterances=reached.utterances,
                again=self._again,
            )

    def _tell(self) -> None:
        self._told, self._due_sec = True, self._clock() + self._every_sec
        if self._listener is None:
            return
        try:
            self._listener(self.report())
        except Exception:
            self._listener = None
            logger.exception("a report of progress failed; the job goes on without them")


@dataclass(slots=True, kw_only=True)
class _Making:
    """One time that the recording is made."""

    began_sec: float
    total_chars: int | None = None
    already_chars: int = 0
    chars: int = 0
    audio_sec: float = 0.0
    utterances: int = 0

    @property
    def done(self) -> float | None:
        return min(1.0, (self.already_chars + self.chars) / self.total_chars) if self.total_chars else None

    def speed(self, now_sec: float) -> float | None:
        took_sec = now_sec - self.began_sec
        return self.audio_sec / took_sec if self.audio_sec and took_sec > 0 else None

    def remaining_sec(self, now_sec: float) -> float | None:
        if self.total_chars is None or not self.chars:
            return None
        left = max(0, self.total_chars - self.already_chars - self.chars)
        return (now_sec - self.began_sec) * left / self.chars


@dataclass(slots=True, kw_only=True)
class _Reached:
    """The furthest that each figure came, in any of the times."""

    done: float | None = None
    audio_sec: float = 0.0
    utterances: int = 0

    def raise_to(self, making: _Making) -> None:
        if making.done is not None:
            self.done = max(self.done or 0.0, making.done)
        self.audio_sec = max(self.audio_sec, making.audio_sec)
        self.utterances = max(self.utterances, making.utterances)


class Said(Protocol):
    """An utterance that was spoken to its end, in whatever form."""

    @property
    def utterance(self) -> Utterance:
        """What was said."""

    @property
    def duration_sec(self) -> float:
        """Of its audio, with the silence around it."""

    @property
    def ends(self) -> bool:
        """Whether that is all of it."""


@runtime_checkable
class Measured(Protocol):
    """Utterances whose characters are known without making them."""

    @property
    def chars(self) -> int:
        """Characters of the source."""


S = TypeVar("S", bound=Said)


def chars_of(utterance: Utterance) -> int:
    """Characters of the source that it says; 1 where it says a recording again."""
    return max(1, utterance.end - utterance.start)


def total_chars(utterances: Iterable[Utterance]) -> int | None:
    """Characters of the source that are said; None where they would have to be made to be counted."""
    if isinstance(utterances, Measured):
        return utterances.chars
    return sum(map(chars_of, utterances)) if isinstance(utterances, Sequence) else None


def reported(pieces: Generator[S, None, None], progress: Progress, *, total: int | None) -> Generator[S, None, None]:
    """Passes `pieces` through and tells `progress` of each, of their beginning and of their end.

    `total` is the characters of all of them, where that is known.
    """
    progress.begin(total)
    with closing(pieces):
        audio_sec = 0.0
        for piece in pieces:
            audio_sec += piece.duration_sec
            if piece.ends:
                progress.spoken(chars_of(piece.utterance), audio_sec)
                audio_sec = 0.0
            yield piece
    progress.end()
