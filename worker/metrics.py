"""Metrics: the stopwatch of one job and the tallies of the worker."""

from __future__ import annotations

import threading
import time
from collections import Counter, defaultdict, deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import TypeVar

T = TypeVar("T")

RECENT_JOBS = 1000
"""Jobs whose durations the percentiles of `health` are drawn from."""


class Stopwatch:
    """Seconds of one job by phase; phases nest through generators, so each counts only its own time."""

    def __init__(self) -> None:
        self.started = time.monotonic()
        self.first_audio_sec: float | None = None
        """Seconds from the start to the first audio that left the pipeline."""
        self._spent: defaultdict[str, float] = defaultdict(float)

    @property
    def elapsed_sec(self) -> float:
        """Seconds since the stopwatch was made."""
        return time.monotonic() - self.started

    def spent_sec(self, phase: str) -> float:
        """Seconds spent inside `phase` so far."""
        return self._spent[phase]

    def timed(self, phase: str, items: Iterable[T]) -> Iterator[T]:
        """Passes `items` through and books the time spent waiting for each under `phase`."""
        source = iter(items)
        while True:
            began = time.monotonic()
            try:
                item = next(source)
            except StopIteration:
                return
            finally:
                self._spent[phase] += time.monotonic() - began
            yield item

    def mark_first_audio(self, items: Iterable[T]) -> Iterator[T]:
        """Passes `items` through and notes when the first one came."""
        for item in items:
            if self.first_audio_sec is None:
                self.first_audio_sec = self.elapsed_sec
            yield item


@dataclass(slots=True)
class Tally:
    """What a worker has done since it started; safe to use from several threads."""

    started: float = field(default_factory=time.monotonic)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _outcomes: Counter[str] = field(default_factory=Counter)
    _recent_sec: deque[float] = field(default_factory=lambda: deque(maxlen=RECENT_JOBS))
    _audio_sec: float = 0.0

    def count(self, outcome: str, *, duration_sec: float, audio_sec: float = 0.0) -> None:
        """Books one finished job under `outcome`: "ok" or an error code."""
        with self._lock:
            self._outcomes[outcome] += 1
            self._recent_sec.append(duration_sec)
            self._audio_sec += audio_sec

    @property
    def outcomes(self) -> dict[str, int]:
        """Finished jobs by outcome."""
        with self._lock:
            return dict(self._outcomes)

    @property
    def audio_sec(self) -> float:
        """Seconds of audio made."""
        with self._lock:
            return self._audio_sec

    def percentile_sec(self, fraction: float) -> float | None:
        """The duration under which `fraction` (0…1) of the recent jobs stayed, None before the first."""
        with self._lock:
            durations = sorted(self._recent_sec)
        if not durations:
            return None
        return durations[min(len(durations) - 1, int(fraction * len(durations)))]
