"""The platform ends workers with SIGTERM, at any moment and more than once."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from tests.platform.control_plane import ControlPlane
from tests.platform.job import State
from tests.platform.process import WorkerProcess
from tests.production.conftest import HANDLER, StartWorker
from tests.production.undisturbed import SPEECH, audio_alone, audio_of, reply_of
from worker.service import Service

SIGTERM_STATUS = (0, -15)
"""It left by itself, or there was nothing yet to leave."""
Moment = Callable[[ControlPlane, WorkerProcess], object]


def polls(platform: ControlPlane, worker: WorkerProcess) -> bool:
    return bool(platform.requests("job-take-batch", worker_id=worker.worker_id))


COLD_START: dict[str, Moment] = {
    "at once": lambda _platform, _worker: None,
    "while it loads": lambda _platform, _worker: time.sleep(0.4),
    "fit": lambda _platform, worker: worker.wait_for_log('"job": "fitness"'),
    "with its first ping": lambda platform, worker: platform.wait_until(
        lambda: bool(platform.requests("ping", worker_id=worker.worker_id)) or polls(platform, worker)
    ),
}


def group_of(pid: int) -> list[int]:
    """The processes of the group that are more than a zombie."""
    found = []
    for process in psutil.process_iter():
        try:
            if os.getpgid(process.pid) == pid and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process.pid)
        except (ProcessLookupError, psutil.NoSuchProcess):
            continue
    return found


@pytest.mark.parametrize("moment", COLD_START.values(), ids=COLD_START)
def test_sigterm_during_the_cold_start_ends_the_worker_with_all_it_started(
    platform: ControlPlane, tmp_path: Path, moment: Moment
) -> None:
    worker = WorkerProcess(HANDLER, platform, tmp_path / "worker.log")
    worker.start()
    try:
        moment(platform, worker)
        worker.terminate()
        assert worker.wait_for_exit(within_sec=30) in SIGTERM_STATUS
        platform.wait_until(lambda: group_of(worker.pid) == [], what=lambda: "something of the worker lives on")
    finally:
        worker.end()
    job_id = platform.submit(SPEECH)
    assert platform.job(job_id).deliveries == []


@pytest.mark.parametrize("frontend", ["queue", "stream"])
def test_a_second_sigterm_during_a_job_changes_nothing(
    platform: ControlPlane, start_worker: StartWorker, service: Service, frontend: str
) -> None:
    worker = start_worker(TTS_FRONTEND=frontend)
    jobs = [platform.submit(SPEECH, job_id=f"held-{number}") for number in range(3)]
    for job_id in jobs:
        platform.wait_for(job_id, State.IN_PROGRESS, State.COMPLETED)
    worker.terminate()
    platform.wait_for(jobs[0])
    worker.terminate()
    late = platform.submit(SPEECH)
    assert worker.wait_for_exit(within_sec=30) == 0
    if platform.job(late).deliveries:  # it was on its way when the worker was told
        jobs.append(late)
    for job_id in jobs:
        assert audio_of(platform.job(job_id)) == audio_alone(service, platform.job(job_id))
        assert reply_of(platform.job(job_id))["degraded"] is False
