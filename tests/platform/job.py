"""One job as the control plane keeps it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import StrEnum


class State(StrEnum):
    IN_QUEUE = "IN_QUEUE"
    IN_PROGRESS = "IN_PROGRESS"
    COMPLETED = "COMPLETED"
    FAILED = "FAILED"
    CANCELLED = "CANCELLED"
    TIMED_OUT = "TIMED_OUT"


STOPPED = frozenset({State.CANCELLED, State.TIMED_OUT})
FINAL = STOPPED | {State.COMPLETED, State.FAILED}


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One handing out of the job."""

    worker_id: str
    at_sec: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """One final answer that arrived, kept or not."""

    worker_id: str
    at_sec: float
    size_bytes: int
    sha256: str
    """Of the body as sent: whether two answers are the same."""


@dataclass(slots=True, kw_only=True)
class Job:
    id: str
    request: dict[str, object]
    """What the client sent: `input`, perhaps `policy`, `webhook`, `s3Config`."""
    submitted_at_sec: float
    ttl_sec: float | None
    execution_timeout_sec: float | None
    state: State = State.IN_QUEUE
    worker_id: str | None = None
    """The last worker it was delivered to."""
    started_at_sec: float | None = None
    ended_at_sec: float | None = None
    heard_at_sec: float = 0.0
    """When its worker last pinged or answered."""
    output: object = None
    error: object = None
    progress: object = None
    """The last report of its worker's."""
    progress_reports: list[object] = field(default_factory=list)
    """Every one of them, in order of arrival."""
    retries: int = 0
    chunks: list[object] = field(default_factory=list)
    """Everything that was streamed, in order of arrival."""
    chunks_read: int = 0
    """How many of them the client has fetched."""
    deliveries: list[Delivery] = field(default_factory=list)
    results: list[Result] = field(default_factory=list)
    reply_lost: bool = False
    """The last result was kept but its worker was never told, so that it may rightly send it again."""

    @property
    def is_final(self) -> bool:
        return self.state in FINAL

    @property
    def is_sync(self) -> bool:
        return self.id.startswith("sync-")

    def snapshot(self) -> Job:
        return replace(
            self,
            chunks=list(self.chunks),
            deliveries=list(self.deliveries),
            results=list(self.results),
            progress_reports=list(self.progress_reports),
        )
