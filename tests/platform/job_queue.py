"""The queue's state machine: jobs, who holds them, and what became of them."""

from __future__ import annotations

import hashlib
import uuid
from collections import Counter, deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from tests.platform.job import STOPPED, Delivery, Job, Result, State
from tests.platform.violations import Violation, ViolationKind


@dataclass(frozen=True, slots=True, kw_only=True)
class QueuePolicy:
    lease_sec: float | None = None
    """A job whose worker neither pings nor answers for so long is delivered again; None: never."""
    execution_timeout_sec: float | None = None
    """Unless the job's own `policy.executionTimeout` says otherwise."""
    ttl_sec: float | None = None
    """After so long a job is deleted, even a running one; unless its own `policy.ttl` says otherwise."""


class UnknownJob(Exception):
    """No job has this id, or its time to live is over."""


class Queue:
    """What clients ask for, then what workers report, then what time decides; all of it belongs to one thread."""

    def __init__(self, policy: QueuePolicy, clock: Callable[[], float], changed: Callable[[], None]) -> None:
        self._policy = policy
        self._clock = clock
        self._changed = changed
        self._waiting: deque[str] = deque()
        self._stops: dict[str, list[str]] = {}
        self.jobs: dict[str, Job] = {}
        self.violations: list[Violation] = []
        self.workers: dict[str, float] = {}
        """When each worker was last heard of."""
        self.unhealthy: dict[str, str] = {}
        """Workers that failed a fitness check: the reason they gave."""
        self.expired: set[str] = set()
        """Jobs deleted at the end of their time to live."""
        self.refreshes: list[tuple[str, str]] = []
        """Worker and job of each answer that asked for a fresh worker (`stopPod`)."""

    def find(self, job_id: str) -> Job:
        try:
            return self.jobs[job_id]
        except KeyError:
            raise UnknownJob(job_id) from None

    def submit(self, request: dict[str, object], *, sync: bool = False, job_id: str | None = None) -> Job:
        policy = request.get("policy")
        policy = policy if isinstance(policy, Mapping) else {}
        job = Job(
            id=job_id or f"{'sync-' if sync else ''}{uuid.uuid4()}-u1",
            request=request,
            submitted_at_sec=self._clock(),
            ttl_sec=_seconds(policy.get("ttl"), self._policy.ttl_sec),
            execution_timeout_sec=_seconds(policy.get("executionTimeout"), self._policy.execution_timeout_sec),
        )
        self.jobs[job.id] = job
        self._enqueue(job.id)
        return job

    def cancel(self, job_id: str) -> Job:
        job = self.find(job_id)
        if not job.is_final:
            self._stop(job, State.CANCELLED)
        return job

    def retry(self, job_id: str) -> Job | None:
        """The job, back in the queue; None if its state does not allow it."""
        job = self.find(job_id)
        if job.state not in (State.FAILED, State.TIMED_OUT):
            return None
        job.output = job.error = job.progress = job.started_at_sec = job.ended_at_sec = None
        job.retries += 1
        self._requeue(job)
        return job

    def purge(self) -> int:
        waiting = [job.id for job in self.jobs.values() if job.state is State.IN_QUEUE]
        for job_id in waiting:
            del self.jobs[job_id]
        self._waiting.clear()
        return len(waiting)

    def read_chunks(self, job: Job) -> list[object]:
        """What was streamed since the last reading."""
        chunks = job.chunks[job.chunks_read :]
        job.chunks_read = len(job.chunks)
        return chunks

    def deliver_again(self, job_id: str) -> None:
        """Hands the job out once more, whether it is held, finished or both."""
        self._enqueue(self.find(job_id).id)

    def counts(self) -> Counter[State]:
        return Counter(job.state for job in self.jobs.values())

    def take(self, worker_id: str, count: int) -> list[Job]:
        self.meet(worker_id)
        taken: list[Job] = []
        while self._waiting and len(taken) < count:
            job = self.jobs.get(self._waiting.popleft())
            if job is None or job.state in STOPPED:
                continue
            self._deliver(job, worker_id)
            taken.append(job)
        return taken

    def meet(self, worker_id: str) -> None:
        """Notes that the worker lives; a poll for jobs renews no lease."""
        self.workers[worker_id] = self._clock()

    def hear(self, worker_id: str) -> None:
        """Notes a ping or an answer, which renews the lease of every job that the worker holds."""
        self.meet(worker_id)
        for job in self._held():
            if job.worker_id == worker_id:
                job.heard_at_sec = self.workers[worker_id]

    def stops(self, worker_id: str) -> list[str]:
        return self._stops.pop(worker_id, [])

    def finish(self, worker_id: str, job_id: str, answer: Mapping[str, object], body: bytes) -> None:
        job = self.find(job_id)
        self.hear(worker_id)
        digest = hashlib.sha256(body).hexdigest()
        result = Result(worker_id=worker_id, at_sec=self._clock(), size_bytes=len(body), sha256=digest)
        excused = job.reply_lost and job.results[-1].sha256 == digest
        job.results.append(result)
        job.reply_lost = False
        if answer.get("stopPod"):
            self.refreshes.append((worker_id, job_id))
        if not job.is_final:
            job.output, job.error = answer.get("output"), answer.get("error")
            self._end(job, State.FAILED if job.error else State.COMPLETED)
        elif not excused:
            stopped = job.state in STOPPED
            self.blame("answered_after_stop" if stopped else "answered_twice", worker_id, job_id)

    def report_progress(self, worker_id: str, job_id: str, progress: object) -> None:
        job = self.find(job_id)
        self.hear(worker_id)
        if job.is_final:
            self.blame("progress_after_final", worker_id, job_id)
            return
        job.progress = progress
        job.progress_reports.append(progress)
        self._changed()

    def add_chunk(self, worker_id: str, job_id: str, chunk: object) -> None:
        job = self.find(job_id)
        self.hear(worker_id)
        if job.is_final:
            self.blame("chunk_after_final", worker_id, job_id)
            return
        job.chunks.append(chunk)
        self._changed()

    def reply_was_lost(self, job_id: str) -> None:
        if job_id in self.jobs and self.jobs[job_id].results:
            self.jobs[job_id].reply_lost = True

    def blame(self, kind: ViolationKind, worker_id: str, job_id: str) -> None:
        violation = Violation(kind=kind, at_sec=self._clock(), worker_id=worker_id, job_id=job_id)
        self.violations.append(violation)
        self._changed()

    def sweep(self) -> None:
        """Applies what the clock has decided: time to live, execution time-out, lapsed leases."""
        now = self._clock()
        for job in [job for job in self.jobs.values() if _over(job.submitted_at_sec, job.ttl_sec, now)]:
            if job.state is State.IN_PROGRESS:
                self._signal_stop(job)
            del self.jobs[job.id]
            self.expired.add(job.id)
        for job in self._held():
            if _over(job.started_at_sec, job.execution_timeout_sec, now):
                self._stop(job, State.TIMED_OUT)
            elif _over(job.heard_at_sec, self._policy.lease_sec, now):
                self._requeue(job)

    def _held(self) -> list[Job]:
        return [job for job in self.jobs.values() if job.state is State.IN_PROGRESS]

    def _enqueue(self, job_id: str) -> None:
        self._waiting.append(job_id)
        self._changed()

    def _requeue(self, job: Job) -> None:
        job.state = State.IN_QUEUE
        job.started_at_sec = None
        self._waiting.appendleft(job.id)
        self._changed()

    def _deliver(self, job: Job, worker_id: str) -> None:
        now = self._clock()
        job.deliveries.append(Delivery(worker_id=worker_id, at_sec=now))
        if job.is_final:
            return
        job.state = State.IN_PROGRESS
        job.worker_id = worker_id
        job.heard_at_sec = now
        job.started_at_sec = job.started_at_sec or now
        self._changed()

    def _stop(self, job: Job, state: State) -> None:
        if job.state is State.IN_PROGRESS:
            self._signal_stop(job)
        self._end(job, state)

    def _signal_stop(self, job: Job) -> None:
        if job.worker_id:
            self._stops.setdefault(job.worker_id, []).append(job.id)
            self._changed()

    def _end(self, job: Job, state: State) -> None:
        if job.state is State.IN_QUEUE:  # cancelled in time, or answered after its lease lapsed
            self._waiting.remove(job.id)
        job.state = state
        job.ended_at_sec = self._clock()
        self._changed()


def _seconds(milliseconds: object, otherwise_sec: float | None) -> float | None:
    return milliseconds / 1000 if isinstance(milliseconds, int | float) else otherwise_sec


def _over(since_sec: float | None, limit_sec: float | None, now: float) -> bool:
    return since_sec is not None and limit_sec is not None and now - since_sec > limit_sec
