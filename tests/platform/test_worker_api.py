from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from tests.platform.control_plane import ControlPlane
from tests.platform.job import State
from tests.platform.limits import Limits
from tests.platform.raw_worker import RawWorker

HOLD_SEC = 0.3


@pytest.fixture
def platform() -> Iterator[ControlPlane]:
    with ControlPlane(hold_sec=HOLD_SEC, limits=Limits(run_bytes=2000, runsync_bytes=4000, chunk_bytes=1000)) as one:
        yield one


@pytest.fixture
def worker(platform: ControlPlane) -> RawWorker:
    return RawWorker(platform)


def test_an_empty_poll_is_held_and_a_job_ends_it(platform: ControlPlane, worker: RawWorker) -> None:
    begin = time.monotonic()
    assert worker.take() is None
    assert time.monotonic() - begin >= HOLD_SEC
    job_id = platform.submit({"text": "hello"}, webhook="http://127.0.0.1:9/hook")
    assert worker.take() == {"id": job_id, "input": {"text": "hello"}, "webhook": "http://127.0.0.1:9/hook"}


def test_a_batch_holds_no_more_than_was_asked_for(platform: ControlPlane, worker: RawWorker) -> None:
    ids = [platform.submit(number) for number in range(3)]
    assert [job["id"] for job in worker.take_batch(2)] == ids[:2]
    assert [job["id"] for job in worker.take_batch(2)] == ids[2:]


def test_a_cancelled_job_reaches_its_worker_by_the_stop_poll(platform: ControlPlane, worker: RawWorker) -> None:
    job_id = platform.submit({})
    worker.take()
    platform.cancel(job_id)
    assert worker.stops() == [job_id]
    assert worker.stops() == []


@pytest.mark.parametrize("body", [b'{"output": NaN}', b'{"output": -Infinity}', b"{", b"[]", b'{"output": "\xff"}'])
def test_a_body_that_is_no_json_object_is_refused_and_counted(
    platform: ControlPlane, worker: RawWorker, body: bytes
) -> None:
    job_id = platform.submit({})
    worker.take()
    assert worker.done(job_id, body) == 400
    assert [violation.kind for violation in platform.violations(job_id=job_id)] == ["invalid_json"]
    assert platform.job(job_id).state is State.IN_PROGRESS


def test_results_and_chunks_over_their_limits_are_refused(platform: ControlPlane, worker: RawWorker) -> None:
    job_id, sync_id = platform.submit({}), platform.submit({}, sync=True)
    worker.take_batch(2)
    assert worker.stream(job_id, {"output": "x" * 900}) == 200
    assert worker.stream(job_id, {"output": "x" * 1000}) == 400
    assert worker.done(job_id, {"output": "x" * 2000}) == 400
    assert worker.done(sync_id, {"output": "x" * 2000}) == 200
    assert [violation.kind for violation in platform.violations()] == ["too_large"] * 2
    assert len(platform.job(job_id).chunks) == 1


def test_progress_is_no_result(platform: ControlPlane, worker: RawWorker) -> None:
    job_id = platform.submit({})
    worker.take()
    assert worker.done(job_id, {"status": "IN_PROGRESS", "output": 0.5}) == 200
    assert platform.job(job_id).state is State.IN_PROGRESS
    assert platform.job(job_id).progress == 0.5


def test_a_wrong_key_and_an_unknown_job_are_refused_and_counted(platform: ControlPlane, worker: RawWorker) -> None:
    job_id = platform.submit({})
    worker.take()
    assert worker.done(job_id, {"output": 1}, key="Bearer test-key") == 401
    assert worker.done("nobody", {"output": 1}) == 404
    assert [violation.kind for violation in platform.violations()] == ["unauthorised", "unknown_job"]


def test_the_wire_log_can_be_asked_by_kind_job_and_worker(platform: ControlPlane, worker: RawWorker) -> None:
    job_id = platform.submit({})
    worker.take()
    worker.done(job_id, {"output": "x" * 100})
    (request,) = platform.requests("job-done", job_id=job_id, worker_id="raw")
    assert (request.method, request.path) == ("POST", f"/v2/test-endpoint/job-done/raw/{job_id}")
    assert request.size_bytes == len('{"output": ""}') + 100
    assert request.query == {"gpu": "LOCAL", "isStream": "false"}
    assert request.headers["Authorization"] == "test-key"
    assert request.status == 200
    assert platform.requests("job-done", worker_id="other") == []
    assert [request.kind for request in platform.requests()] == ["job-take", "job-done"]
