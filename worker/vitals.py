"""Vitals: signs in finished jobs that a worker should finish what it has and be replaced."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterable
from statistics import median

import psutil

FATAL = frozenset({"engine_poisoned"})
"""Outcomes after which nothing the process does can be trusted, such as a CUDA context with an error in it."""
FAULTS = frozenset({"engine_failed", "engine_resting", "internal_error", "out_of_memory"})
"""Outcomes that are the worker's own fault."""
FAULTS_IN_A_ROW = 3
BASELINE_JOBS = 30
"""Jobs by which a worker has warmed up; what it needs after them is its normal."""
SLOW_JOBS = 20
SLOW_FACTOR = 3.0
SLOW_PACE = 0.3
"""Seconds of engine work per second of audio under which nobody minds a slow-down."""
STALLED_JOBS = 3
STALLED_FACTOR = 10.0
STALLED_PACE = 1.0
"""Slower than real time."""


def resident_bytes() -> int:
    """Resident memory of this process."""
    rss: int = psutil.Process().memory_info().rss
    return rss


class Vitals:
    """Looks at one finished job after the other; safe to use from several threads."""

    def __init__(self, *, memory_growth_limit_bytes: int, read_memory: Callable[[], int] = resident_bytes) -> None:
        self._growth_limit_bytes = memory_growth_limit_bytes
        self._read_memory = read_memory
        self._lock = threading.Lock()
        self._reason: str | None = None
        self._jobs = 0
        self._faults = 0
        self._normal_bytes = 0
        self._first_paces: list[float] = []
        self._last_paces: deque[float] = deque(maxlen=SLOW_JOBS)
        self._when_sick: Callable[[], None] = lambda: None

    @property
    def reason(self) -> str | None:
        """Why the worker should be replaced; None while it is well, and once given it stays."""
        return self._reason

    def when_sick(self, listener: Callable[[], None]) -> None:
        """Calls `listener` once, when there is a reason."""
        self._when_sick = listener

    def observe(self, outcome: str, *, faults: Iterable[str] = (), pace: float | None = None) -> None:
        """Takes in one job: "ok" or its error code, and the engine's seconds of work per second of audio.

        `faults` are codes of what went wrong on the way, also where the job ended well for another engine took over.
        """
        seen = frozenset((outcome, *faults))
        with self._lock:
            self._jobs += 1
            self._faults = self._faults + 1 if seen & FAULTS else 0
            if pace is not None:
                self._note_pace(pace)
            if self._reason is None:
                self._reason = self._found(seen)
                if self._reason:
                    self._when_sick()

    def _note_pace(self, pace: float) -> None:
        if len(self._first_paces) < BASELINE_JOBS:
            self._first_paces.append(pace)
        else:
            self._last_paces.append(pace)

    def _found(self, seen: frozenset[str]) -> str | None:
        if fatal := min(seen & FATAL, default=None):
            return f"a job met with {fatal}"
        if self._faults >= FAULTS_IN_A_ROW:
            return f"{self._faults} jobs in a row failed by the worker's fault"
        return self._grown() or self._slowed()

    def _grown(self) -> str | None:
        memory_bytes = self._read_memory()
        if self._jobs <= BASELINE_JOBS:
            self._normal_bytes = max(self._normal_bytes, memory_bytes)
            return None
        growth_bytes = memory_bytes - self._normal_bytes
        if growth_bytes <= self._growth_limit_bytes:
            return None
        return f"memory grew by {growth_bytes // 2**20} MiB since the first {BASELINE_JOBS} jobs"

    def _slowed(self) -> str | None:
        if len(self._last_paces) < STALLED_JOBS:
            return None
        normal, last = median(self._first_paces), list(self._last_paces)
        now = min(last[-STALLED_JOBS:])
        stalled = now > max(STALLED_FACTOR * normal, STALLED_PACE)
        if not stalled and len(last) == SLOW_JOBS:
            now = median(last)
        elif not stalled:
            return None
        if stalled or now > max(SLOW_FACTOR * normal, SLOW_PACE):
            return f"the engine takes {now:.2f} s per second of audio and took {normal:.2f} s at first"
        return None
