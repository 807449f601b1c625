"""A long load of every kind on one worker: what it keeps of it, and whether it slows down.

`python -m tests.long.soak --minutes 5 --jobs 10000`; every job goes through the front end, as from the platform.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from statistics import linear_regression, median
from typing import Literal

import psutil
from tqdm import tqdm

from tests.test_fuzz import ERRORS_OF_A_CALLER
from worker.frontends.queue import Queue
from worker.jobs.context import Worker
from worker.service import Service
from worker.settings import Settings

JOBS = 10_000
MINUTES = 30.0
SEED = 20_261_120
SAMPLE_EVERY = 10
WINDOW = 10
"""Samples whose least memory counts."""
LEAK_BYTES = 10_000
LIMIT_MB_PER_1000_JOBS = 5.0
"""Half of what a leak of LEAK_BYTES per job comes to."""
LIMIT_DRIFT = 0.02
CANCEL_WITHIN_SEC = 0.3

Kind = Literal["short", "longer", "large", "listing", "bad", "cancelled"]
SHARES: Mapping[Kind, float] = {
    "short": 0.57, "longer": 0.15, "large": 0.05, "listing": 0.05, "bad": 0.10, "cancelled": 0.08,
}  # fmt: skip
BAD: tuple[object, ...] = (
    None,
    {"text": ""},
    {"text": "x", "voice": "nobody at all"},
    {"text": "1 2", "voice": "espeak-chr"},
    {"text": "x", "voise": "sarah"},
    {"text": "x", "language": "xx", "voice": "sarah"},
    {"text": "x", "delivery": "volume"},
    {"text": "x" * 50_001},
)
FORMATS = ("mp3", "wav", "flac", "ogg", "opus", "pcm")
SENTENCE = "One sentence after another, until all of it has been said. "


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """The process after so many jobs."""

    jobs: int
    memory_bytes: int
    threads: int
    files: int


@dataclass(slots=True, kw_only=True)
class Figures:
    """What came of a soak."""

    seed: int
    took_sec: float = 0.0
    outcomes: Counter[str] = field(default_factory=Counter)
    violations: list[str] = field(default_factory=list)
    """Jobs that did not end as their kind should."""
    samples: list[Sample] = field(default_factory=list)
    short_sec: list[float] = field(default_factory=list)
    """Durations of the short jobs, in order."""

    @property
    def jobs(self) -> int:
        return self.outcomes.total()

    def slope(self, of: Callable[[Sample], float]) -> float:
        """Growth per 1,000 jobs over the second half."""
        half = self.samples[len(self.samples) // 2 :]
        if len(half) < 2:
            return 0.0
        return 1000 * linear_regression([sample.jobs for sample in half], [of(sample) for sample in half]).slope

    @property
    def memory_slope_mb(self) -> float:
        """Of the least in each window: what large jobs need while they run is no growth."""
        half = self.samples[len(self.samples) // 2 :]
        floors = [
            min(half[start : start + WINDOW], key=lambda sample: sample.memory_bytes)
            for start in range(0, len(half), WINDOW)
        ]
        if len(floors) < 2:
            return 0.0
        points = [sample.jobs for sample in floors], [sample.memory_bytes / 1e6 for sample in floors]
        return 1000 * linear_regression(*points).slope

    @property
    def drift(self) -> float:
        """Median of the last quarter of the short jobs against that of the second."""
        quarter = len(self.short_sec) // 4
        if not quarter:
            return 0.0
        return median(self.short_sec[-quarter:]) / median(self.short_sec[quarter : 2 * quarter]) - 1

    @property
    def table(self) -> str:
        """For people."""
        first, last = self.samples[0], self.samples[-1]
        rows = [
            ("jobs", f"{self.jobs} in {self.took_sec:.0f} s, seed {self.seed}"),
            ("outcomes", ", ".join(f"{name} {count}" for name, count in self.outcomes.most_common())),
            ("violations", f"{len(self.violations)} {'; '.join(self.violations[:5])}".strip()),
            ("memory", f"{first.memory_bytes / 1e6:.0f} to {last.memory_bytes / 1e6:.0f} MB"),
            ("memory, second half", f"{self.memory_slope_mb:+.2f} MB per 1,000 jobs"),
            ("threads, second half", f"{self.slope(lambda one: one.threads):+.2f} per 1,000 jobs, {last.threads} now"),
            ("files, second half", f"{self.slope(lambda one: one.files):+.2f} per 1,000 jobs, {last.files} now"),
            ("p50 of short jobs", f"{1000 * median(self.short_sec or [0]):.1f} ms, drift {100 * self.drift:+.1f} %"),
        ]
        return "\n".join(f"| {name:20} | {figure} |" for name, figure in rows)


def drawn(chance: random.Random) -> tuple[Kind, object]:
    """The next job's kind and input."""
    kind: Kind = chance.choices(list(SHARES), weights=list(SHARES.values()))[0]
    match kind:
        case "short":
            return kind, {"text": "A short one.", "response_format": "mp3"}
        case "longer":
            return kind, {"text": SENTENCE * chance.randint(2, 6), "response_format": chance.choice(FORMATS[:3])}
        case "large":
            return kind, {"text": SENTENCE * chance.randint(20, 60), "response_format": "flac"}
        case "listing":
            return kind, chance.choice(({"type": "health"}, {"type": "voices", "language": "fr"}))
        case "bad":
            return kind, chance.choice(BAD)
    return kind, {"text": SENTENCE * 40, "response_format": chance.choice(FORMATS)}


class Soak:
    """Keeps every slot of a front end busy."""

    def __init__(self, frontend: Queue, *, seed: int, after_each: Callable[[], object] = lambda: None) -> None:
        self._frontend = frontend
        self._chance = random.Random(seed)
        self._after_each = after_each
        self._process = psutil.Process()
        self.figures = Figures(seed=seed)

    async def run(self, *, jobs: int, seconds: float, progress: Callable[[], object] = lambda: None) -> Figures:
        """Ends after so many jobs or seconds, whichever comes first."""
        began = time.monotonic()
        numbers = iter(range(jobs))

        async def lane() -> None:
            for number in numbers:
                if time.monotonic() - began > seconds:
                    return
                await self._one(f"soak-{number}")
                self._after_each()
                self._sample()
                progress()

        await asyncio.gather(*(lane() for _ in range(self._frontend.floor.slots)))
        self.figures.took_sec = time.monotonic() - began
        return self.figures

    async def _one(self, job_id: str) -> None:
        kind, given = drawn(self._chance)
        if kind == "cancelled":
            await self._cancelled(job_id, given)
            return
        began = time.monotonic()
        reply = await self._frontend.handle({"id": job_id, "input": given})
        if kind == "short":
            self.figures.short_sec.append(time.monotonic() - began)
        outcome = reply["error"]["code"] if "error" in reply else "ok"
        self.figures.outcomes[outcome] += 1
        if outcome not in (ERRORS_OF_A_CALLER if kind == "bad" else {"ok"}):
            self.figures.violations.append(f"{job_id} ({kind}): {outcome}")

    async def _cancelled(self, job_id: str, given: object) -> None:
        """As the platform's stop does it: the engine is told, then the task."""
        task = asyncio.ensure_future(self._frontend.handle({"id": job_id, "input": given}))
        await asyncio.wait([task], timeout=self._chance.uniform(0, CANCEL_WITHIN_SEC))
        self._frontend.floor.stop(job_id)
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
        self.figures.outcomes["cancelled" if task.cancelled() else "ok"] += 1

    def _sample(self) -> None:
        if self.figures.jobs % SAMPLE_EVERY:
            return
        with self._process.oneshot():
            self.figures.samples.append(
                Sample(
                    jobs=self.figures.jobs,
                    memory_bytes=self._process.memory_info().rss,
                    threads=threading.active_count(),
                    files=self._process.num_fds(),
                )
            )


def leaking(kept: list[bytes]) -> Callable[[], None]:
    """Keeps LEAK_BYTES at every call; a leak that a soak has to see."""
    return lambda: kept.append(os.urandom(LEAK_BYTES))  # pages of zeros would not be resident


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=MINUTES)
    parser.add_argument("--jobs", type=int, default=JOBS)
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--leak", action="store_true", help="plant a leak: this has to fail")
    given = parser.parse_args()
    frontend = Queue(Service(Worker.load(Settings(cache_mb=0))))
    with tqdm(total=given.jobs, unit="job", disable=None) as bar:
        soak = Soak(frontend, seed=given.seed, after_each=leaking([]) if given.leak else lambda: None)
        figures = asyncio.run(soak.run(jobs=given.jobs, seconds=60 * given.minutes, progress=bar.update))
    sys.stdout.write(f"{figures.table}\n")
    grown = figures.memory_slope_mb > LIMIT_MB_PER_1000_JOBS
    return int(bool(figures.violations) or grown)


if __name__ == "__main__":
    sys.exit(main())
