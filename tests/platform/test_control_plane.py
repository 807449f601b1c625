from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import requests
import runpod

from tests.platform.control_plane import API_KEY, ENDPOINT_ID, ControlPlane
from tests.platform.job import State
from tests.platform.job_queue import QueuePolicy
from tests.platform.process import WorkerProcess

STOCK_WORKER = Path(__file__).parent / "stock_worker.py"
LEASE_SEC = 3.0
"""Three pings long."""


@pytest.fixture(scope="module")
def platform() -> Iterator[ControlPlane]:
    with ControlPlane() as one:
        yield one


@pytest.fixture(scope="module")
def worker(platform: ControlPlane, tmp_path_factory: pytest.TempPathFactory) -> Iterator[WorkerProcess]:
    log = tmp_path_factory.mktemp("worker") / "log"
    with WorkerProcess(STOCK_WORKER, platform, log, arguments=["--slots", "4"]) as one:
        yield one


@pytest.fixture
def endpoint(platform: ControlPlane, monkeypatch: pytest.MonkeyPatch) -> Iterator[runpod.Endpoint]:
    """The real client before the control plane."""
    monkeypatch.setattr(runpod, "endpoint_url_base", platform.url)
    client = runpod.Endpoint(ENDPOINT_ID, api_key=API_KEY)
    yield client
    client.rp_client.rp_session.close()


def post(platform: ControlPlane, path: str, content: dict[str, Any] | None = None) -> requests.Response:
    url = f"{platform.url}/{ENDPOINT_ID}/{path}"
    return requests.post(url, json=content, headers={"Authorization": f"Bearer {API_KEY}"}, timeout=20)


def test_a_client_runs_a_job_and_fetches_its_output(worker: WorkerProcess, endpoint: runpod.Endpoint) -> None:
    job = endpoint.run({"echo": "hello", "sleep_sec": 0.3})
    assert job.status() in {"IN_QUEUE", "IN_PROGRESS"}
    assert job.output(timeout=20) == {"echo": "hello", "data": ""}
    assert job.status() == "COMPLETED"


def test_a_client_waits_for_a_job_in_one_call(
    platform: ControlPlane, worker: WorkerProcess, endpoint: runpod.Endpoint
) -> None:
    assert endpoint.run_sync({"echo": "now"}, timeout=20) == {"echo": "now", "data": ""}
    assert platform.jobs()[-1].id.startswith("sync-")


def test_a_client_with_an_event_loop_gets_its_output_too(
    platform: ControlPlane, worker: WorkerProcess, endpoint: runpod.Endpoint
) -> None:
    async def run() -> Any:
        async with aiohttp.ClientSession() as session:
            job = await runpod.AsyncioEndpoint(ENDPOINT_ID, session, api_key=API_KEY).run({"echo": "async"})
            return await job.output(timeout=20)

    assert asyncio.run(run()) == {"echo": "async", "data": ""}


def test_a_sync_job_that_takes_longer_than_the_wait_is_left_running(
    platform: ControlPlane, worker: WorkerProcess
) -> None:
    answer = post(platform, "runsync?wait=100", {"input": {"sleep_sec": 1}}).json()
    assert answer["status"] in {"IN_QUEUE", "IN_PROGRESS"}
    assert platform.wait_for(answer["id"]).state is State.COMPLETED


def test_a_failure_shows_in_the_raw_answer_and_the_job_can_be_retried(
    platform: ControlPlane, worker: WorkerProcess, endpoint: runpod.Endpoint
) -> None:
    job = endpoint.run({"raise": "out of paper"})
    assert platform.wait_for(job.job_id).state is State.FAILED
    assert "out of paper" in job._fetch_job()["error"]
    assert post(platform, f"retry/{job.job_id}").json()["status"] == "IN_QUEUE"
    platform.wait_until(lambda: len(platform.job(job.job_id).results) == 2)
    assert platform.violations() == []


def test_cancelling_stops_the_worker_s_job_and_nothing_is_answered(
    platform: ControlPlane, worker: WorkerProcess, endpoint: runpod.Endpoint
) -> None:
    job = endpoint.run({"sleep_sec": 60})
    worker.wait_for_log(job.job_id, "Started.")  # the SDK forgets a stop signal for a job that it has not begun
    job.cancel()
    assert job.status() == "CANCELLED"
    worker.wait_for_log(job.job_id, "Job stopped.")
    assert platform.job(job.job_id).results == []


def test_a_client_sees_progress(platform: ControlPlane, worker: WorkerProcess, endpoint: runpod.Endpoint) -> None:
    job = endpoint.run({"progress": 1, "then_sleep_sec": 0.5})
    platform.wait_until(lambda: platform.job(job.job_id).progress == 0)
    assert platform.wait_for(job.job_id).state is State.COMPLETED


def test_health_counts_jobs_and_workers(
    platform: ControlPlane, worker: WorkerProcess, endpoint: runpod.Endpoint
) -> None:
    job = endpoint.run({"sleep_sec": 0.5})
    platform.wait_for(job.job_id, State.IN_PROGRESS)
    health = endpoint.health()
    assert health["jobs"]["inProgress"] == 1
    assert health["workers"] == {
        "idle": 0,
        "initializing": 0,
        "ready": 1,
        "running": 1,
        "throttled": 0,
        "unhealthy": 0,
    }
    platform.wait_for(job.job_id)
    assert endpoint.health()["jobs"]["completed"] == len(
        [job for job in platform.jobs() if job.state is State.COMPLETED]
    )


def test_a_worker_finds_its_way_back_after_an_outage(platform: ControlPlane, worker: WorkerProcess) -> None:
    platform.go_down(0.2)
    assert platform.wait_for(platform.submit({"echo": "back"})).output == {"echo": "back", "data": ""}


def test_a_job_delivered_twice_is_answered_twice_and_counted(platform: ControlPlane, worker: WorkerProcess) -> None:
    job_id = platform.submit({"sleep_sec": 0.5})
    platform.wait_for(job_id, State.IN_PROGRESS)
    platform.deliver_again(job_id)
    platform.wait_until(lambda: bool(platform.violations("answered_twice", job_id=job_id)))
    assert platform.job(job_id).state is State.COMPLETED


def test_a_wish_for_a_fresh_worker_is_recorded(platform: ControlPlane, worker: WorkerProcess) -> None:
    job_id = platform.submit({"refresh": True})
    platform.wait_for(job_id)
    assert platform.refreshes() == [(worker.worker_id, job_id)]


def test_requests_over_the_limits_are_refused(platform: ControlPlane, endpoint: runpod.Endpoint) -> None:
    too_large = {"input": {"data": "x" * 10_000_001}}
    assert post(platform, "run", too_large).status_code == 400
    with pytest.raises(requests.HTTPError, match="400"):
        endpoint.run(too_large)


def test_requests_without_input_or_the_right_key_are_refused(platform: ControlPlane) -> None:
    assert post(platform, "run", {"text": "hello"}).status_code == 400
    assert requests.get(f"{platform.url}/{ENDPOINT_ID}/health", timeout=20).status_code == 401
    assert post(platform, "cancel/nobody").status_code == 404


def test_purging_empties_the_queue(monkeypatch: pytest.MonkeyPatch) -> None:
    with ControlPlane() as platform:
        monkeypatch.setattr(runpod, "endpoint_url_base", platform.url)
        endpoint = runpod.Endpoint(ENDPOINT_ID, api_key=API_KEY)
        endpoint.run({"echo": 1})
        assert endpoint.purge_queue() == {"removed": 1, "status": "completed"}
        assert platform.jobs() == []
        endpoint.rp_client.rp_session.close()


def test_a_client_receives_a_stream_as_it_is_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with (
        ControlPlane() as platform,
        WorkerProcess(STOCK_WORKER, platform, tmp_path / "log", arguments=["--stream", "--slots", "2"]),
    ):
        monkeypatch.setattr(runpod, "endpoint_url_base", platform.url)
        endpoint = runpod.Endpoint(ENDPOINT_ID, api_key=API_KEY)
        job = endpoint.run({"chunks": 3, "sleep_sec": 1})
        received = []
        for chunk in job.stream():
            received.append(chunk["number"])
            if len(received) == 1:
                assert platform.job(job.job_id).state is State.IN_PROGRESS
        assert received == [0, 1, 2]
        endpoint.rp_client.rp_session.close()


def test_what_a_killed_worker_held_is_delivered_again_and_what_a_living_one_holds_is_not(tmp_path: Path) -> None:
    with ControlPlane(policy=QueuePolicy(lease_sec=LEASE_SEC)) as platform:
        with WorkerProcess(STOCK_WORKER, platform, tmp_path / "first") as first:
            job_id = platform.submit({"sleep_sec": LEASE_SEC + 1})
            platform.wait_for(job_id, State.IN_PROGRESS)
            first.kill()
        with WorkerProcess(STOCK_WORKER, platform, tmp_path / "second") as second:
            job = platform.wait_for(job_id)
        assert platform.violations() == []
    assert job.state is State.COMPLETED
    assert [delivery.worker_id for delivery in job.deliveries] == [first.worker_id, second.worker_id]
    assert [result.worker_id for result in job.results] == [second.worker_id]
