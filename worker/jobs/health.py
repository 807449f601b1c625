"""The health job: how the worker is."""

from __future__ import annotations

import time

from worker import __version__
from worker.engines.base import BatchingEngine
from worker.jobs.context import Job, Worker
from worker.reply import BatchReply, HealthReply
from worker.request import HealthRequest
from worker.vitals import resident_bytes


def run(request: HealthRequest, job: Job, worker: Worker) -> HealthReply:  # noqa: ARG001 - the shape of a job
    """Engines, memory and figures since the worker started."""
    tally, figures = worker.tally, worker.cache.figures
    return HealthReply(
        status="leaving" if worker.vitals.reason else "ok",
        leaving=worker.vitals.reason,
        version=__version__,
        engines=tuple(engine.name for engine in worker.engines),
        voices=len(worker.library.voices),
        profiles=len(worker.library.profiles),
        devices=tuple(sorted({engine.device for engine in worker.engines})),
        batches={
            engine.name: BatchReply(rows_in_use=engine.rows_in_use, row_limit=engine.row_limit)
            for engine in worker.engines
            if isinstance(engine, BatchingEngine)
        },
        memory_bytes=resident_bytes(),
        uptime_sec=round(time.monotonic() - tally.started, 3),
        load_sec=round(worker.engines.load_sec, 3),
        jobs=tally.outcomes,
        audio_sec=round(tally.audio_sec, 3),
        latency_p50_sec=tally.percentile_sec(0.5),
        latency_p95_sec=tally.percentile_sec(0.95),
        cache=dict(figures.counts),
        cache_bytes=dict(figures.size_bytes),
    )
