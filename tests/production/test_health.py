"""A worker that is not fit takes no job, and one that falls ill finishes what it has and asks to be replaced."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.platform.control_plane import ControlPlane
from tests.platform.job import State
from tests.platform.process import WorkerProcess
from tests.production.conftest import HANDLER, StartWorker

SICK_WORKER = Path(__file__).parent / "sick_worker.py"
SICK = {"TTS_ENGINES": "sick,espeak", "TTS_DEFAULT_VOICE": "sick-voice"}


@pytest.mark.parametrize(
    ("environment", "reason"),
    [
        ({"TTS_ESPEAK_LIBRARY": "/nonexistent.so"}, "cannot be loaded"),
        ({"TTS_ENGINE": "espeak"}, "did you mean TTS_ENGINES"),
        ({"TTS_VOLUME_DIR": "/proc/nowhere"}, "volume_stores"),
    ],
)
def test_a_worker_that_is_not_fit_says_why_and_takes_no_job(
    platform: ControlPlane, tmp_path: Path, environment: dict[str, str], reason: str
) -> None:
    job_id = platform.submit({"text": "hello"})
    worker = WorkerProcess(HANDLER, platform, tmp_path / "log", environment=environment)
    worker.start()
    try:
        assert worker.wait_for_exit(within_sec=30) == 1
    finally:
        worker.end()
    (told,) = platform.unhealthy().values()
    assert reason in told or reason in worker.log
    assert platform.job(job_id).deliveries == []


def test_the_first_job_finds_a_worker_that_has_spoken_already(
    platform: ControlPlane, start_worker: StartWorker
) -> None:
    worker = start_worker()
    spoken = [line for line in worker.log.splitlines() if '"job": "fitness"' in line]
    assert json.loads(spoken[0])["outcome"] == "ok"
    job = platform.wait_for(platform.submit({"text": "hello"}))
    assert job.output["metrics"]["ttfa_sec"] < 0.5  # type: ignore[index]  # the libraries that take a second are loaded


def sick_worker(platform: ControlPlane, log: Path) -> WorkerProcess:
    return WorkerProcess(SICK_WORKER, platform, log, environment=SICK)


def test_a_poisoned_engine_makes_the_worker_ask_for_another(platform: ControlPlane, tmp_path: Path) -> None:
    with sick_worker(platform, tmp_path / "log") as worker:
        beside = platform.submit({"text": "to be finished. " * 600, "voice": "sarah"})
        platform.wait_for(beside, State.IN_PROGRESS)
        job = platform.wait_for(platform.submit({"text": "poison"}))
        assert job.state == State.FAILED
        assert job.error["code"] == "engine_poisoned"  # type: ignore[index]
        assert worker.wait_for_exit(within_sec=60) == 0
        finished = platform.job(beside)
        assert finished.output["metrics"]["leaving"] == "a job met with engine_poisoned"  # type: ignore[index]
        assert "this worker asks to be replaced" in worker.log
    assert {job_id for _, job_id in platform.refreshes()} == {job.id, beside}
    late = platform.submit({"text": "too late"})
    assert platform.job(late).deliveries == []


@pytest.mark.parametrize("illness", ["fail", "crash", "nan", "silence"])
def test_three_faults_in_a_row_make_the_worker_ask_for_another(
    platform: ControlPlane, tmp_path: Path, illness: str
) -> None:
    with sick_worker(platform, tmp_path / "log") as worker:
        for _ in range(3):
            job = platform.wait_for(platform.submit({"text": illness}))
            assert job.state == State.FAILED
        assert worker.wait_for_exit(within_sec=20) == 0
    assert len(platform.refreshes()) == 1


def test_faults_of_callers_never_cost_a_worker(platform: ControlPlane, start_worker: StartWorker) -> None:
    start_worker()
    for number in range(12):
        bad = [{"text": ""}, {"text": "x", "voice": "nobody at all"}, {"text": "1 2", "voice": "espeak-chr"}, {"x": 1}]
        assert platform.wait_for(platform.submit(bad[number % 4])).state == State.FAILED
    assert platform.wait_for(platform.submit({"text": "still here"})).state == State.COMPLETED
    assert platform.refreshes() == []
