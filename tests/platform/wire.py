"""The log of every request that reached the control plane."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from tests.platform.faults import Action


@dataclass(slots=True, kw_only=True)
class Request:
    at_sec: float
    """Of arrival, on the control plane's monotonic clock."""
    method: str
    path: str
    kind: str
    """The endpoint's verb: `job-take`, `job-done`, `run`, `status`, ..."""
    worker_id: str | None
    job_id: str | None
    query: Mapping[str, str]
    headers: Mapping[str, str]
    size_bytes: int = 0
    """Of the body."""
    seconds: float | None = None
    """From arrival to the reply; None while the request is open."""
    status: int | None = None
    """Of the reply; None while the request is open, or for ever if its connection was dropped."""
    fault: Action | None = None

    def __str__(self) -> str:
        outcome = self.status or ("open" if self.seconds is None else "dropped")
        return f"{self.at_sec:.3f} {self.method} {self.path} ({self.size_bytes} bytes) -> {outcome}"
