"""A job that is cancelled frees its lane and its slot, whatever it was doing, and nobody beside it hears a thing."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from tests.platform.control_plane import ControlPlane
from tests.platform.job import State
from tests.platform.process import WorkerProcess
from tests.production.conftest import HANDLER
from tests.production.test_queue import SLOW_TEXT
from tests.production.undisturbed import SENTENCE, SPEECH, audio_alone, audio_of
from worker.frontends.floor import HEADROOM
from worker.frontends.lanes import LONG_CHARS
from worker.service import Service

LANES = 2
SLOW = {"text": SLOW_TEXT, "engine": "espeak"}
LONG = {"text": SENTENCE * (LONG_CHARS // len(SENTENCE) + 1), "engine": "espeak"}
CROSSING = {"answered_after_stop", "chunk_after_final"}
"""What a worker may have sent before it heard of the stop."""


@pytest.fixture(scope="module")
def streaming(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ControlPlane]:
    """A control plane with one worker that streams, and has two lanes of which one takes long jobs."""
    log = tmp_path_factory.mktemp("worker") / "log"
    settings = {"TTS_FRONTEND": "stream", "TTS_LANES": str(LANES)}
    with ControlPlane() as platform, WorkerProcess(HANDLER, platform, log, environment=settings):
        yield platform


def under_way(platform: ControlPlane) -> list[str]:
    slow = platform.submit(SLOW)
    platform.wait_for(slow, State.IN_PROGRESS)
    return [slow]


def queued(platform: ControlPlane) -> list[str]:
    """The second long job is held by the worker and waits for the one lane of the long."""
    first = under_way(platform)
    return [*under_way(platform), *first]


def streamed(platform: ControlPlane) -> list[str]:
    slow = platform.submit({**SLOW, "stream": True})
    platform.wait_until(lambda: len(platform.job(slow).chunks) > 1)
    return [slow]


@pytest.mark.parametrize("begun", [queued, under_way, streamed])
def test_a_cancelled_job_frees_its_slot_and_leaves_its_neighbours_alone(
    streaming: ControlPlane, service: Service, begun: Callable[[ControlPlane], list[str]]
) -> None:
    slow = begun(streaming)
    neighbours = [streaming.submit(SPEECH, job_id=f"{begun.__name__}-{number}") for number in range(2)]
    streaming.wait_for(neighbours[0], State.IN_PROGRESS, State.COMPLETED)
    for job_id in slow:
        streaming.cancel(job_id)
    follower = streaming.submit(LONG, job_id=f"{begun.__name__}-long")
    for job_id in (*neighbours, follower):
        assert audio_of(streaming.wait_for(job_id)) == audio_alone(service, streaming.job(job_id))
    for job_id in slow:
        assert streaming.job(job_id).results == []
        assert {violation.kind for violation in streaming.violations(job_id=job_id)} <= CROSSING
    assert all(violation.job_id in slow for violation in streaming.violations() if violation.kind not in CROSSING)
    held = [streaming.submit({"text": "A short one."}) for _ in range(LANES + HEADROOM)]
    streaming.wait_until(lambda: all(streaming.job(job_id).deliveries for job_id in held))
    for job_id in held:
        audio_of(streaming.wait_for(job_id))
