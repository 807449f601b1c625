"""The queue front end: in the real SDK's own server, and by itself where a job must be caught under way."""

from __future__ import annotations

import asyncio
import base64
import io
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
import soundfile

from tests.conftest import fresh
from worker.frontends.floor import HEADROOM
from worker.frontends.queue import Queue
from worker.jobs.context import Worker
from worker.service import Service

REPOSITORY = Path(__file__).parent.parent.parent
START_SEC = 60


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of `handler.py` under the SDK's development server."""
    port = free_port()
    log = (tmp_path_factory.mktemp("server") / "log").open("wb")
    arguments = ["--rp_serve_api", "--rp_api_host", "127.0.0.1", "--rp_api_port", str(port)]
    process = subprocess.Popen(
        [sys.executable, "handler.py", *arguments],
        cwd=REPOSITORY,
        env={**os.environ, "RUNPOD_SKIP_AUTO_SYSTEM_CHECKS": "true"},
        stdout=log,
        stderr=log,
    )
    address = f"http://127.0.0.1:{port}"
    deadline = time.monotonic() + START_SEC
    while not answers(address):
        assert process.poll() is None, Path(log.name).read_text()
        assert time.monotonic() < deadline, "the server did not start"
        time.sleep(0.1)
    yield address
    process.terminate()
    process.wait(timeout=20)
    log.close()
    assert "canary" not in Path(log.name).read_text()


def answers(address: str) -> bool:
    try:
        return requests.get(address, timeout=1).ok
    except requests.ConnectionError:
        return False


def runsync(address: str, **fields: object) -> dict[str, Any]:
    reply = requests.post(f"{address}/runsync", json={"input": fields}, timeout=30)
    reply.raise_for_status()
    answer: dict[str, Any] = reply.json()
    return answer


def test_a_job_through_the_sdk_comes_back_as_audio(server: str) -> None:
    answer = runsync(server, text="canary: hello from the queue", response_format="wav")
    output = answer["output"]
    samples, rate = soundfile.read(io.BytesIO(base64.b64decode(output["audio_base64"])))
    assert len(samples) / rate == pytest.approx(output["duration_sec"], abs=0.01)
    assert output["metrics"]["queue_sec"] >= 0
    assert answer["status"] == "COMPLETED"


def test_health_answers_through_the_sdk(server: str) -> None:
    assert runsync(server, type="health")["output"]["engines"] == ["espeak"]


def test_more_slots_than_lanes_are_held_and_their_number_never_changes(service: Service) -> None:
    assert Queue(service).floor.slots == service.worker.settings.lanes + HEADROOM


def test_jobs_beyond_the_lanes_wait_and_the_reply_says_how_long(worker: Worker) -> None:
    queue = Queue(Service(fresh(worker, lanes=1)))
    job = {"id": "x", "input": {"text": "hello there. " * 40}}

    async def both() -> list[dict[str, Any]]:
        return await asyncio.gather(queue.handle(job), queue.handle(job))

    first, second = (reply["metrics"]["queue_sec"] for reply in asyncio.run(both()))
    assert first < second


def test_the_platforms_job_is_not_changed(service: Service) -> None:
    job = {"id": "x", "input": {"prompt": "hello", "pitch": 60}, "webhook": "https://example.com"}
    before = {**job, "input": dict(job["input"])}  # type: ignore[call-overload]
    asyncio.run(Queue(service).handle(job))
    assert job == before


def test_cancelling_a_job_stops_it_within_an_utterance(worker: Worker) -> None:
    service = Service(fresh(worker))
    queue = Queue(service)
    job = {"id": "x", "input": {"text": "a sentence to be cancelled. " * 1500, "response_format": "opus"}}

    async def cancelled() -> None:
        task = asyncio.create_task(queue.handle(job))
        await asyncio.sleep(0.5)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        while not service.worker.tally.outcomes:  # noqa: ASYNC110 - the lane is a thread and sets no event of asyncio's
            await asyncio.sleep(0.01)

    asyncio.run(asyncio.wait_for(cancelled(), timeout=20))
    assert service.worker.tally.outcomes == {"cancelled": 1}
