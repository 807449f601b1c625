from __future__ import annotations

import socket
import time
from collections.abc import Iterator

import pytest
import requests

from tests.platform.control_plane import ControlPlane
from tests.platform.faults import Action, Answer, Delay, Down, Drop
from tests.platform.job import State
from tests.platform.raw_worker import RawWorker


@pytest.fixture
def platform() -> Iterator[ControlPlane]:
    with ControlPlane(hold_sec=0.2) as one:
        yield one


@pytest.fixture
def worker(platform: ControlPlane) -> RawWorker:
    return RawWorker(platform)


def held(platform: ControlPlane, worker: RawWorker) -> str:
    """The id of a job that the worker has taken."""
    job_id = platform.submit({})
    worker.take()
    return job_id


def test_a_planned_status_hits_the_requests_it_is_planned_for(platform: ControlPlane, worker: RawWorker) -> None:
    job_id = held(platform, worker)
    fault = platform.inject("job-stream", Answer(503), first=2, times=2)
    assert [worker.stream(job_id, {"output": n}) for n in range(5)] == [200, 503, 503, 200, 200]
    assert platform.job(job_id).chunks == [0, 3, 4]
    assert fault.hits == 2


def test_a_fault_of_one_job_leaves_the_others_alone(platform: ControlPlane, worker: RawWorker) -> None:
    unlucky, lucky = held(platform, worker), held(platform, worker)
    platform.inject("job-done", Answer(500), job_id=unlucky, times=None)
    assert worker.done(lucky, {"output": 1}) == 200
    assert [worker.done(unlucky, {"output": 1}) for _ in range(4)] == [500] * 4
    platform.clear_faults()
    assert worker.done(unlucky, {"output": 1}) == 200


def test_a_planned_body_replaces_the_real_one(platform: ControlPlane, worker: RawWorker) -> None:
    platform.inject("job-take", Answer(200, b'{"id": "made-up", "input": {}}'))
    assert worker.take() == {"id": "made-up", "input": {}}


@pytest.mark.parametrize(
    ("action", "state"),
    [
        (Drop("before_body"), State.IN_PROGRESS),
        (Drop("after_body"), State.IN_PROGRESS),
        (Drop("after_effect"), State.COMPLETED),
    ],
)
def test_a_dropped_connection_has_an_effect_only_if_so_planned(
    platform: ControlPlane, worker: RawWorker, action: Action, state: State
) -> None:
    job_id = held(platform, worker)
    platform.inject("job-done", action)
    with pytest.raises(requests.ConnectionError):
        worker.done(job_id, {"output": "x" * 5_000_000})
    assert platform.job(job_id).state is state
    (request,) = platform.requests("job-done")
    assert (request.status, request.fault) == (None, action)
    assert worker.done(job_id, {"output": "x" * 5_000_000}) == 200
    assert platform.violations() == []


def test_a_job_whose_delivery_was_dropped_is_held_by_a_worker_that_never_saw_it(
    platform: ControlPlane, worker: RawWorker
) -> None:
    job_id = platform.submit({})
    platform.inject("job-take", Drop("after_effect"))
    with pytest.raises(requests.ConnectionError):
        worker.take()
    assert platform.job(job_id).state is State.IN_PROGRESS


def test_a_delay_comes_before_the_effect(platform: ControlPlane, worker: RawWorker) -> None:
    job_id = held(platform, worker)
    platform.inject("job-done", Delay(0.3))
    begin = time.monotonic()
    assert worker.done(job_id, {"output": 1}) == 200
    assert time.monotonic() - begin >= 0.3


def test_an_outage_drops_open_polls_refuses_new_connections_and_ends_on_the_same_port(
    platform: ControlPlane, worker: RawWorker
) -> None:
    platform.inject("job-take", Down(0.5))
    with pytest.raises(requests.ConnectionError):
        worker.take()
    with pytest.raises(ConnectionRefusedError):
        connect(platform)
    platform.wait_until(lambda: is_up(platform), within_sec=10)
    job_id = platform.submit({})
    taken = worker.take()
    assert taken is not None
    assert taken["id"] == job_id


def test_an_outage_can_be_ordered_directly(platform: ControlPlane) -> None:
    with connect(platform) as idle:
        platform.go_down(0.2)
        assert idle.recv(1) == b""
    platform.wait_until(lambda: is_up(platform), within_sec=10)


def connect(platform: ControlPlane) -> socket.socket:
    host, port = platform.address.removeprefix("http://").split(":")
    return socket.create_connection((host, int(port)), timeout=5)


def is_up(platform: ControlPlane) -> bool:
    try:
        connect(platform).close()
    except ConnectionRefusedError:
        return False
    return True
