"""Workers that are killed, and jobs that more than one of them gets: one answer, and the same audio."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import psutil
import pytest

from tests.faults.frozen import frozen
from tests.platform.control_plane import ControlPlane
from tests.platform.job import State
from tests.platform.job_queue import QueuePolicy
from tests.platform.process import WorkerProcess
from tests.production.conftest import HANDLER
from tests.production.undisturbed import SPEECH, audio_alone, audio_of
from worker.service import Service

SEED = 20_261_120
LEASE_SEC = 3.0
"""Three pings."""
HOLD_SEC = 1.0
"""Shorter than the lease: what a frozen worker's open poll is given would lapse a second time."""
JOB_SEC = 0.9
"""A job and the sending of its answer, on a busy machine."""
KILLS_PER_JOB = 2
GONE_SEC = 5.0
"""Three times the interval of the pings, and room."""


@pytest.fixture
def leasing() -> Iterator[ControlPlane]:
    """A control plane that delivers a job again when its worker has fallen silent."""
    with ControlPlane(policy=QueuePolicy(lease_sec=LEASE_SEC), hold_sec=HOLD_SEC) as platform:
        yield platform


def worker_on(platform: ControlPlane, folder: Path, **environment: str) -> WorkerProcess:
    return WorkerProcess(HANDLER, platform, folder / "worker.log", environment=environment)


@pytest.mark.parametrize("kills", [6, pytest.param(500, marks=pytest.mark.long)])
def test_a_job_whose_worker_is_killed_anywhere_ends_as_if_nothing_had_happened(
    kills: int, leasing: ControlPlane, service: Service, tmp_path: Path
) -> None:
    chance, volume = random.Random(SEED), tmp_path / "volume"
    expected: dict[str, bytes] = {}
    with ExitStack() as stack:

        def fresh_worker() -> WorkerProcess:
            return stack.enter_context(worker_on(leasing, tmp_path, TTS_VOLUME_DIR=str(volume)))

        worker = fresh_worker()
        for number in range(kills // KILLS_PER_JOB):
            job_id = leasing.submit(
                {**SPEECH, "delivery": chance.choice(("inline", "volume"))}, job_id=f"{SEED}-{number}"
            )
            for _ in range(KILLS_PER_JOB):
                leasing.wait_for(job_id, State.IN_PROGRESS, State.COMPLETED)
                time.sleep(chance.uniform(0, JOB_SEC))  # the moment is what varies
                worker.kill()
                worker = fresh_worker()
            job = leasing.wait_for(job_id, within_sec=60)
            expected[job_id] = audio_alone(service, job)
            assert audio_of(job) == expected[job_id], f"seed {SEED}, {job_id}"
    assert leasing.violations() == []
    assert all(len(job.results) == 1 for job in leasing.jobs())
    assert sum(len(job.deliveries) for job in leasing.jobs()) > len(leasing.jobs())
    whole = [path.read_bytes() for path in volume.iterdir() if not path.name.startswith(".partial-")]
    assert set(whole) <= set(expected.values())


def test_a_job_that_two_workers_get_and_that_comes_back_has_one_audio_and_a_file_per_answer(
    leasing: ControlPlane, service: Service, tmp_path: Path
) -> None:
    volume = tmp_path / "volume"
    with worker_on(leasing, tmp_path, TTS_VOLUME_DIR=str(volume)) as first:
        job_id = leasing.submit({**SPEECH, "delivery": "volume"}, job_id="twice")
        leasing.wait_for(job_id, State.IN_PROGRESS)
        with frozen(first.pid, 0, group=True), worker_on(leasing, tmp_path, TTS_VOLUME_DIR=str(volume)) as second:
            job = leasing.wait_for(job_id)
            assert job.worker_id == second.worker_id
            audio = audio_of(job)
        leasing.wait_until(lambda: len(leasing.job(job_id).results) == 2)
        assert {violation.kind for violation in leasing.violations()} == {"answered_twice"}  # the lapsed lease's doing
        leasing.submit({**SPEECH, "delivery": "volume"}, job_id=job_id)  # after it was answered, as if new
        assert audio_of(leasing.wait_for(job_id)) == audio
        assert len(leasing.violations()) == 1
    files = [path.read_bytes() for path in volume.iterdir()]
    assert len(files) == 3
    assert set(files) == {audio} == {audio_alone(service, leasing.job(job_id))}


def test_nothing_of_a_worker_lives_on_when_its_first_process_is_killed(leasing: ControlPlane, tmp_path: Path) -> None:
    with worker_on(leasing, tmp_path) as worker:
        children = psutil.Process(worker.pid).children(recursive=True)
        assert children
        worker.kill_parent()
        _, alive = psutil.wait_procs(children, timeout=GONE_SEC)
        assert [child.name() for child in alive] == []


@pytest.mark.parametrize(
    "response_format",
    [
        "mp3",
        "flac",
        "wav",
        "ogg",
        "opus",
    ],
)
def test_a_job_that_is_made_twice_is_the_same_file_twice(service: Service, response_format: str) -> None:
    with ControlPlane() as platform:
        given = {"text": "Said twice.", "engine": "espeak", "response_format": response_format}
        job = platform.job(platform.submit(given, job_id="made-twice"))
    assert audio_alone(service, job) == audio_alone(service, job)
