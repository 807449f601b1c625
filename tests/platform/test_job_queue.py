from __future__ import annotations

import pytest

from tests.platform.job import State
from tests.platform.job_queue import Queue, QueuePolicy, UnknownJob


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def queue(clock: Clock, policy: QueuePolicy | None = None) -> Queue:
    return Queue(policy or QueuePolicy(), clock, lambda: None)


def finish(jobs: Queue, worker_id: str, job_id: str, output: str = "done", **more: object) -> None:
    jobs.finish(worker_id, job_id, {"output": output, **more}, output.encode())


def kinds(jobs: Queue) -> list[str]:
    return [violation.kind for violation in jobs.violations]


def test_jobs_are_handed_out_in_order_and_as_many_as_asked_for(clock: Clock) -> None:
    jobs = queue(clock)
    ids = [jobs.submit({"input": number}).id for number in range(3)]
    assert [job.id for job in jobs.take("a", 2)] == ids[:2]
    assert [job.id for job in jobs.take("a", 2)] == ids[2:]
    assert jobs.take("a", 2) == []


def test_an_answer_decides_the_state(clock: Clock) -> None:
    jobs = queue(clock)
    good, bad = jobs.submit({}), jobs.submit({})
    jobs.take("a", 2)
    finish(jobs, "a", good.id)
    jobs.finish("a", bad.id, {"error": "broken"}, b"")
    assert (good.state, good.output) == (State.COMPLETED, "done")
    assert (bad.state, bad.error) == (State.FAILED, "broken")


def test_a_silent_worker_loses_its_lease_and_the_job_goes_to_the_front(clock: Clock) -> None:
    jobs = queue(clock, QueuePolicy(lease_sec=5))
    held, waiting = jobs.submit({}), jobs.submit({})
    jobs.take("a", 1)
    clock.now += 5.1
    jobs.sweep()
    assert held.state is State.IN_QUEUE
    assert [job.id for job in jobs.take("b", 2)] == [held.id, waiting.id]
    assert [delivery.worker_id for delivery in held.deliveries] == ["a", "b"]


def test_pings_and_answers_renew_a_lease_but_polls_do_not(clock: Clock) -> None:
    jobs = queue(clock, QueuePolicy(lease_sec=5))
    held, other = jobs.submit({}), jobs.submit({})
    jobs.take("a", 2)
    clock.now += 4
    jobs.hear("a")
    clock.now += 4
    finish(jobs, "a", other.id)
    clock.now += 4
    jobs.sweep()
    assert jobs.counts() == {State.IN_PROGRESS: 1, State.COMPLETED: 1}
    jobs.take("a", 1)
    jobs.hear("b")
    clock.now += 2
    jobs.sweep()
    assert held.state is State.IN_QUEUE


def test_a_late_answer_to_a_job_back_in_the_queue_is_kept_and_the_job_not_delivered_again(clock: Clock) -> None:
    jobs = queue(clock, QueuePolicy(lease_sec=5))
    job = jobs.submit({})
    jobs.take("a", 1)
    clock.now += 6
    jobs.sweep()
    finish(jobs, "a", job.id)
    assert job.state is State.COMPLETED
    assert jobs.take("b", 1) == []
    assert kinds(jobs) == []


def test_the_second_answer_is_counted_and_the_first_kept(clock: Clock) -> None:
    jobs = queue(clock)
    job = jobs.submit({})
    jobs.take("a", 1)
    finish(jobs, "a", job.id, "first")
    finish(jobs, "b", job.id, "second")
    assert kinds(jobs) == ["answered_twice"]
    assert job.output == "first"
    assert len({result.sha256 for result in job.results}) == 2


def test_the_same_answer_once_more_is_no_violation_if_the_reply_to_the_first_was_lost(clock: Clock) -> None:
    jobs = queue(clock)
    job = jobs.submit({})
    jobs.take("a", 1)
    finish(jobs, "a", job.id)
    jobs.reply_was_lost(job.id)
    finish(jobs, "a", job.id)
    assert kinds(jobs) == []
    finish(jobs, "a", job.id)
    assert kinds(jobs) == ["answered_twice"]


def test_progress_and_chunks_after_the_end_are_counted_and_ignored(clock: Clock) -> None:
    jobs = queue(clock)
    job = jobs.submit({})
    jobs.take("a", 1)
    jobs.add_chunk("a", job.id, 1)
    jobs.report_progress("a", job.id, "half")
    finish(jobs, "a", job.id)
    jobs.add_chunk("a", job.id, 2)
    jobs.report_progress("a", job.id, "late")
    assert kinds(jobs) == ["chunk_after_final", "progress_after_final"]
    assert (job.state, job.progress, job.chunks) == (State.COMPLETED, "half", [1])


def test_a_running_job_that_is_cancelled_is_signalled_once_and_a_waiting_one_never_delivered(clock: Clock) -> None:
    jobs = queue(clock)
    running, waiting = jobs.submit({}), jobs.submit({})
    jobs.take("a", 1)
    jobs.cancel(running.id)
    jobs.cancel(waiting.id)
    assert running.state is waiting.state is State.CANCELLED
    assert jobs.stops("b") == []
    assert jobs.stops("a") == [running.id]
    assert jobs.stops("a") == []
    assert jobs.take("a", 2) == []
    finish(jobs, "a", running.id)
    assert kinds(jobs) == ["answered_after_stop"]


def test_a_job_over_its_execution_time_times_out_and_is_signalled(clock: Clock) -> None:
    jobs = queue(clock, QueuePolicy(execution_timeout_sec=60))
    brief, usual = jobs.submit({"policy": {"executionTimeout": 5000}}), jobs.submit({})
    clock.now += 50  # waiting does not count
    jobs.take("a", 2)
    clock.now += 6
    jobs.sweep()
    assert (brief.state, usual.state) == (State.TIMED_OUT, State.IN_PROGRESS)
    assert jobs.stops("a") == [brief.id]


def test_a_job_over_its_time_to_live_is_deleted_even_while_it_runs(clock: Clock) -> None:
    jobs = queue(clock)
    running, waiting = (jobs.submit({"policy": {"ttl": 1000}}) for _ in range(2))
    jobs.take("a", 1)
    clock.now += 1.1
    jobs.sweep()
    assert jobs.stops("a") == [running.id]
    assert jobs.take("b", 2) == []
    for job in (running, waiting):
        with pytest.raises(UnknownJob):
            jobs.find(job.id)


def test_only_failed_and_timed_out_jobs_can_be_retried_under_their_id(clock: Clock) -> None:
    jobs = queue(clock)
    job = jobs.submit({})
    assert jobs.retry(job.id) is None
    jobs.take("a", 1)
    jobs.finish("a", job.id, {"error": "broken"}, b"")
    assert jobs.retry(job.id) is job
    assert (job.state, job.error) == (State.IN_QUEUE, None)
    jobs.take("a", 1)
    finish(jobs, "a", job.id)
    assert job.state is State.COMPLETED
    assert kinds(jobs) == []


def test_purging_removes_what_waits_and_leaves_what_runs(clock: Clock) -> None:
    jobs = queue(clock)
    running, _ = jobs.submit({}), jobs.submit({})
    jobs.take("a", 1)
    assert jobs.purge() == 1
    assert list(jobs.jobs) == [running.id]
    assert jobs.take("a", 1) == []


def test_a_job_can_be_delivered_again_while_it_runs_and_after_its_end(clock: Clock) -> None:
    jobs = queue(clock)
    job = jobs.submit({})
    jobs.take("a", 1)
    jobs.deliver_again(job.id)
    assert jobs.take("b", 1) == [job]
    finish(jobs, "b", job.id)
    jobs.deliver_again(job.id)
    assert jobs.take("a", 1) == [job]
    assert job.state is State.COMPLETED


def test_a_wish_for_a_fresh_worker_is_recorded(clock: Clock) -> None:
    jobs = queue(clock)
    job = jobs.submit({})
    jobs.take("a", 1)
    finish(jobs, "a", job.id, stopPod=True)
    assert jobs.refreshes == [("a", job.id)]
