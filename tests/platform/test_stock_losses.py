"""What the unchanged SDK is known to lose: the faults work, and a better worker can be shown to lose nothing."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.chaos_proxy import Toxic, chaos_proxy
from tests.platform.control_plane import ControlPlane
from tests.platform.faults import Answer, Delay, Drop
from tests.platform.job import Job, State
from tests.platform.job_queue import QueuePolicy
from tests.platform.process import WorkerProcess

STOCK_WORKER = Path(__file__).parent / "stock_worker.py"
FATES: dict[str, tuple[dict[str, object], Answer | Drop | Delay | None, int | None]] = {
    "dropped": ({}, Drop("after_body"), 1),
    "dropped early": ({"size_bytes": 2_000_000}, Drop("before_body"), 1),
    "reply lost": ({}, Drop("after_effect"), 1),
    "refused": ({}, Answer(400), 1),
    "broken for long": ({}, Answer(500), 3),
    "broken once": ({}, Answer(503), 1),
    "late": ({}, Delay(1), 1),
    "not a number": ({"nan": True}, None, None),
    "too large": ({"size_bytes": 10_000_001}, None, None),
}
"""Input, action on its answer, and how often."""


class Ended:
    """Jobs of these fates that ran side by side, as they were when the SDK had done with them."""

    def __init__(self, platform: ControlPlane, worker: WorkerProcess) -> None:
        self.platform = platform
        for name, (_, action, times) in FATES.items():
            if action is not None:
                platform.inject("job-done", action, job_id=name, times=times)
        for name, (job_input, _, _) in FATES.items():
            platform.submit(job_input, job_id=name)
        for name in FATES:
            worker.wait_for_log(f'"{name}"', '"Finished."')

    def job(self, name: str) -> Job:
        return self.platform.job(name)

    def attempts(self, name: str) -> int:
        return len(self.platform.requests("job-done", job_id=name))


@pytest.fixture(scope="module")
def ended(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ended]:
    log = tmp_path_factory.mktemp("worker") / "log"
    arguments = ["--slots", str(len(FATES))]
    with ControlPlane() as platform, WorkerProcess(STOCK_WORKER, platform, log, arguments=arguments) as worker:
        yield Ended(platform, worker)


@pytest.mark.parametrize("name", ["dropped", "dropped early", "refused", "not a number", "too large"])
def test_an_answer_that_fails_in_any_way_but_5xx_is_not_sent_again(ended: Ended, name: str) -> None:
    assert ended.attempts(name) == 1
    assert ended.job(name).state is State.IN_PROGRESS


def test_an_answer_is_lost_after_three_server_errors(ended: Ended) -> None:
    assert ended.attempts("broken for long") == 3
    assert ended.job("broken for long").state is State.IN_PROGRESS


def test_an_answer_survives_one_server_error_and_a_delay(ended: Ended) -> None:
    assert ended.attempts("broken once") == 2
    assert ended.attempts("late") == 1
    assert ended.job("broken once").state is ended.job("late").state is State.COMPLETED


def test_an_answer_whose_reply_was_lost_has_arrived(ended: Ended) -> None:
    assert ended.attempts("reply lost") == 1
    assert ended.job("reply lost").state is State.COMPLETED


def test_only_bodies_that_the_platform_cannot_take_are_the_worker_s_own_fault(ended: Ended) -> None:
    found = {violation.job_id: violation.kind for violation in ended.platform.violations()}
    assert found == {"not a number": "invalid_json", "too large": "too_large"}


def test_a_lost_chunk_leaves_a_hole_in_a_completed_job(tmp_path: Path) -> None:
    with (
        ControlPlane() as platform,
        WorkerProcess(STOCK_WORKER, platform, tmp_path / "log", arguments=["--stream"]),
    ):
        platform.inject("job-stream", Drop(), first=2)
        job = platform.wait_for(platform.submit({"chunks": 3}))
    assert job.state is State.COMPLETED
    assert [chunk["number"] for chunk in job.chunks if isinstance(chunk, dict)] == [0, 2]


def test_a_connection_reset_during_the_upload_loses_the_answer(tmp_path: Path) -> None:
    with (
        ControlPlane() as platform,
        chaos_proxy(platform.port, up=Toxic(reset_after_bytes=100_000)) as proxy,
        WorkerProcess(STOCK_WORKER, platform, tmp_path / "log", address=proxy.address) as worker,
    ):
        large, small = platform.submit({"size_bytes": 1_000_000}), platform.submit({"size_bytes": 1000})
        assert platform.wait_for(small).state is State.COMPLETED
        worker.wait_for_log(large, "Finished.")
        assert platform.job(large).state is State.IN_PROGRESS
        assert platform.job(large).results == []


def test_a_job_that_the_open_poll_takes_after_sigterm_is_dropped_with_exit_status_0(tmp_path: Path) -> None:
    with (
        ControlPlane(policy=QueuePolicy(lease_sec=2), hold_sec=6) as platform,
        WorkerProcess(STOCK_WORKER, platform, tmp_path / "log") as worker,
    ):
        platform.wait_until(lambda: has_fresh_poll(platform))
        worker.terminate()
        worker.wait_for_log("Kill worker.")
        pings = len(platform.requests("ping"))
        platform.wait_until(lambda: len(platform.requests("ping")) == pings + 2)  # its loop of jobs ends in 0.1 s
        job_id = platform.submit({})
        assert platform.wait_for(job_id, State.IN_PROGRESS).results == []
        assert worker.wait_for_exit() == 0
        assert platform.wait_for(job_id, State.IN_QUEUE).results == []


def has_fresh_poll(platform: ControlPlane) -> bool:
    """Whether a poll has been opened that will be open for seconds to come."""
    last = platform.requests("job-take")[-1]
    return last.seconds is None and time.monotonic() - last.at_sec < 1
