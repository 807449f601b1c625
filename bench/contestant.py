"""A contestant: a worker process in production mode, with a control plane to itself."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import psutil

from tests.platform.control_plane import ControlPlane
from tests.platform.job import Job, State
from tests.platform.process import WorkerProcess
from worker.settings import REPOSITORY

OURS = REPOSITORY / "handler.py"
SLEEPING = REPOSITORY / "bench" / "workers" / "sleeping.py"
STOCK = REPOSITORY / "bench" / "workers" / "stock.py"

WITHIN_SEC = 90.0
"""Longest wait for a batch of jobs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Contestant:
    """A worker that takes jobs."""

    platform: ControlPlane
    process: WorkerProcess

    def submit(self, given: object, count: int = 1) -> list[str]:
        """The ids of so many new jobs."""
        return [self.platform.submit(given) for _ in range(count)]

    def finished(self, job_ids: Sequence[str]) -> list[Job]:
        """The jobs, once each has its result.

        Raises:
            SystemExit: one of them failed, so that there is nothing to compare.

        """
        jobs = [self.platform.wait_for(job_id, within_sec=WITHIN_SEC) for job_id in job_ids]
        for job in jobs:
            if job.state is not State.COMPLETED:
                raise SystemExit(f"a job ended as {job.state}: {job.error}")
        return jobs

    def answered(self, given: object, count: int = 1) -> list[Job]:
        """So many new jobs, submitted together, once each has its result."""
        return self.finished(self.submit(given, count))

    def sent_bytes(self, job_id: str) -> int:
        """Bodies the worker posted for a job, pieces of a stream and result."""
        posts = [self.platform.requests(kind, job_id=job_id) for kind in ("job-stream", "job-done")]
        return sum(request.size_bytes for requests in posts for request in requests)

    @property
    def rss_bytes(self) -> int:
        """Memory the worker holds; the SDK's process for pings is not counted."""
        size: int = psutil.Process(self.process.pid).memory_info().rss
        return size


@contextmanager
def contestant(script: Path, *arguments: str, **settings: str) -> Iterator[Contestant]:
    """A worker from its first poll for jobs on."""
    with (
        TemporaryDirectory() as folder,
        ControlPlane() as platform,
        _process(script, platform, folder, arguments, settings) as process,
    ):
        yield Contestant(platform=platform, process=process)


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """How long a worker took from the start of its process on."""

    first_poll_sec: float
    first_result_sec: float
    """To the result of a job that was waiting."""


def start(script: Path, *arguments: str, given: object) -> Start:
    """Starts a worker for the sake of one job, which is in the queue before it."""
    with TemporaryDirectory() as folder, ControlPlane() as platform:
        process = _process(script, platform, folder, arguments, {})
        job_id = platform.submit(given)
        began_sec = time.monotonic()
        with process:
            (job,) = Contestant(platform=platform, process=process).finished([job_id])
        polled_sec = next(each.at_sec for each in platform.requests() if each.kind.startswith("job-take"))
        return Start(first_poll_sec=polled_sec - began_sec, first_result_sec=job.results[-1].at_sec - began_sec)


def _process(
    script: Path, platform: ControlPlane, folder: str, arguments: Sequence[str], settings: Mapping[str, str]
) -> WorkerProcess:
    environment = {"PYTHONPATH": str(REPOSITORY), **settings}
    return WorkerProcess(script, platform, Path(folder, "log"), arguments=arguments, environment=environment)
