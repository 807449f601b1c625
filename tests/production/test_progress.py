"""How far a job is, told by the real worker to the local control plane, and never in the way of its answer."""

from __future__ import annotations

import random
import time
from typing import Any

import pytest

from tests.platform.control_plane import ControlPlane
from tests.platform.faults import Action, Answer, Delay, Drop
from tests.platform.job import Job, State
from tests.production.conftest import StartWorker
from tests.production.test_queue import SLOW_TEXT, answered_once, output
from tests.production.test_stream import events
from worker.frontends.announcer import TOLD_WITHIN_SEC

LONG = {"text": "One sentence after another, and some of them are longer than others. " * 40, "chunk_size": 50}
"""About two seconds of work."""
WORK_SEC = 3.0
"""More than the rest of a quick job takes on a busy machine."""
QUICK = {"text": "One two three four five six seven eight nine ten. " * 5, "chunk_size": 50, "engine": "tone"}


def check_advance(reports: list[Any]) -> None:
    """They are about one job, in the order they were made."""
    assert len(reports) > 2
    for figure in ("done", "audio_sec", "elapsed_sec", "utterances"):
        figures = [report[figure] for report in reports]
        assert figures == sorted(figures)
        assert figures[0] < figures[-1]
    assert all(0 < report["done"] <= 1 and report["remaining_sec"] >= 0 for report in reports)
    assert all(report["type"] == "progress" and not report["again"] for report in reports)


def reports(job: Job) -> list[Any]:
    return [chunk for chunk in job.chunks if isinstance(chunk, dict) and chunk.get("type") == "progress"]


def test_a_long_job_tells_how_far_it_is_and_a_short_one_nothing(
    platform: ControlPlane, start_worker: StartWorker
) -> None:
    start_worker(TTS_PROGRESS_SEC="0.1")
    short, long = platform.submit({"text": "hello"}), platform.submit(LONG)
    platform.wait_until(lambda: platform.job(long).progress is not None)
    assert not platform.job(long).is_final
    check_advance(platform.wait_for(long).progress_reports)
    assert output(platform.job(long))["duration_sec"] > platform.job(long).progress_reports[-1]["audio_sec"]  # type: ignore[index]
    assert answered_once(platform.wait_for(short))
    assert len(platform.requests("job-done", job_id=short)) == 1


def test_no_report_comes_after_the_answer_in_200_jobs_whatever_their_posts_take(
    platform: ControlPlane, start_worker: StartWorker
) -> None:
    chance = random.Random(5)
    ids = [f"job-{number}" for number in range(200)]
    for job_id in ids:
        first = chance.randint(1, 3)
        platform.inject("job-done", Delay(chance.uniform(0, 0.2)), job_id=job_id, first=first, times=2)
    start_worker(TTS_PROGRESS_SEC="0.005", TTS_ENGINES="tone", TTS_LANES="8")
    for job_id in ids:
        platform.submit(QUICK, job_id=job_id)
    jobs = [platform.wait_for(job_id, State.COMPLETED, within_sec=120) for job_id in ids]
    assert sum(len(job.progress_reports) for job in jobs) > len(jobs)
    time.sleep(0.3)  # whatever is still on its way
    assert all(answered_once(platform.job(job_id)) for job_id in ids)
    assert platform.violations() == []


@pytest.mark.parametrize(
    "action",
    [Delay(60), Answer(500), Answer(413), Drop("after_body")],
    ids=["never answered", "500", "413", "dropped"],
)
def test_a_report_that_is_not_taken_is_the_last_and_holds_up_the_answer_no_longer_than_it_may(
    platform: ControlPlane, start_worker: StartWorker, action: Action
) -> None:
    platform.inject("job-done", action)
    start_worker(TTS_PROGRESS_SEC="0.005", TTS_ENGINES="tone")
    job = platform.wait_for(platform.submit(QUICK))
    assert output(job)
    first, last = platform.requests("job-done", job_id=job.id)
    assert last.at_sec - first.at_sec < TOLD_WITHIN_SEC + WORK_SEC
    assert job.progress_reports == []


def test_a_job_that_is_cancelled_while_its_report_hangs_frees_its_lane(
    platform: ControlPlane, start_worker: StartWorker
) -> None:
    platform.inject("job-done", Delay(60))
    start_worker(TTS_PROGRESS_SEC="0.1", TTS_LANES="1")
    slow = platform.submit({"text": SLOW_TEXT})
    platform.wait_until(lambda: bool(platform.requests("job-done", job_id=slow)))
    platform.cancel(slow)
    health = platform.submit({"type": "health"})
    assert output(platform.wait_for(health, within_sec=3))
    assert platform.job(slow).results == []


@pytest.mark.parametrize("frontend", ["queue", "stream"])
def test_no_reports_are_sent_where_that_is_switched_off(
    platform: ControlPlane, start_worker: StartWorker, frontend: str
) -> None:
    start_worker(TTS_PROGRESS_SEC="0", TTS_FRONTEND=frontend)
    job = platform.wait_for(platform.submit({**LONG, "stream": frontend == "stream"}))
    assert job.state == State.COMPLETED
    assert len(platform.requests("job-done", job_id=job.id)) == 1
    assert reports(job) == []


def test_a_stream_tells_between_its_pieces_how_far_it_is(platform: ControlPlane, start_worker: StartWorker) -> None:
    start_worker(TTS_FRONTEND="stream", TTS_PROGRESS_SEC="0.1")
    job = platform.wait_for(platform.submit({**LONG, "stream": True}))
    told = reports(job)
    check_advance(told)
    assert job.progress_reports == []
    kinds = [chunk["type"] for chunk in job.chunks]  # type: ignore[index,call-overload]
    assert kinds[0] == "audio"
    assert kinds[-1] == "done"
    assert "audio" in kinds[kinds.index("progress") :]
    job.chunks = [chunk for chunk in job.chunks if chunk not in told]
    audio, done = events(job)
    assert done["size_bytes"] == len(audio)
    assert isinstance(job.output, list)
    assert {"type": "progress"} in job.output


def test_a_job_that_is_not_streamed_tells_it_through_its_status(
    platform: ControlPlane, start_worker: StartWorker
) -> None:
    start_worker(TTS_FRONTEND="stream", TTS_PROGRESS_SEC="0.1")
    job = platform.wait_for(platform.submit(LONG))
    check_advance(job.progress_reports)
    (reply,) = job.output  # type: ignore[misc]  # the output of a streaming worker is a list
    assert reply["audio_base64"]
    assert reports(job) == []
