from __future__ import annotations

import asyncio

import pytest

from tests.conftest import fresh
from tests.long.soak import LIMIT_MB_PER_1000_JOBS, SEED, Figures, Sample, Soak, leaking
from worker.frontends.queue import Queue
from worker.jobs.context import Worker
from worker.service import Service

JOBS = 10_000
SECONDS = 8.0


def test_seconds_of_a_mixed_load_end_as_they_should_and_leave_no_thread_and_no_file(worker: Worker) -> None:
    soak = Soak(Queue(Service(fresh(worker))), seed=SEED)
    figures = asyncio.run(soak.run(jobs=JOBS, seconds=SECONDS))
    assert figures.violations == [], figures.table
    assert figures.jobs > 0
    half = figures.samples[len(figures.samples) // 2 :]
    assert max(one.threads for one in half) == half[-1].threads, figures.table
    assert "MB per 1,000 jobs" in figures.table


@pytest.mark.parametrize(("leak_bytes", "seen"), [(0, False), (10_000, True)])
def test_the_slope_of_memory_tells_a_leak_from_noise(leak_bytes: int, *, seen: bool) -> None:
    noise = (0, 3_000_000, 1_000_000, 2_000_000)
    samples = [
        Sample(jobs=jobs, memory_bytes=200_000_000 + leak_bytes * jobs + noise[jobs // 10 % 4], threads=9, files=9)
        for jobs in range(0, 10_000, 10)
    ]
    figures = Figures(seed=0, samples=samples)
    assert (figures.memory_slope_mb > LIMIT_MB_PER_1000_JOBS) is seen


def test_a_planted_leak_is_seen_by_the_soak_itself(worker: Worker) -> None:
    kept: list[bytes] = []
    soak = Soak(Queue(Service(fresh(worker))), seed=SEED, after_each=leaking(kept))
    figures = asyncio.run(soak.run(jobs=JOBS, seconds=1.0))
    assert len(kept) == figures.jobs
