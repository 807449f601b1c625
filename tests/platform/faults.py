"""Planned misbehaviour of the control plane: what happens to which requests."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Answer:
    """This reply instead of the real one; the request has no effect."""

    status: int
    body: bytes = b""
    content_type: str = "application/json"


@dataclass(frozen=True, slots=True)
class Drop:
    """The connection ends without a reply; only with `after_effect` has the request been carried out."""

    when: Literal["before_body", "after_body", "after_effect"] = "after_body"


@dataclass(frozen=True, slots=True)
class Delay:
    """The request is carried out and answered so much later."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Down:
    """Every connection drops and new ones are refused; the same port is back after so long."""

    seconds: float


Action = Answer | Drop | Delay | Down


@dataclass(slots=True, kw_only=True)
class Fault:
    """An action for some of the requests of one kind."""

    kind: str
    """As in `Request.kind`."""
    action: Action
    job_id: str | None = None
    """None: of any job."""
    first: int = 1
    """Which of the matching requests is the first to be hit, counted from 1."""
    times: int | None = 1
    """How many are hit in a row; None: all that follow."""
    seen: int = 0
    hits: int = 0

    def strikes(self, kind: str, job_id: str | None) -> bool:
        """Counts one request; whether it is hit."""
        if kind != self.kind or self.job_id not in (None, job_id):
            return False
        self.seen += 1
        if self.seen < self.first or (self.times is not None and self.hits >= self.times):
            return False
        self.hits += 1
        return True


class FaultSchedule:
    def __init__(self) -> None:
        self._faults: list[Fault] = []

    def add(self, fault: Fault) -> None:
        self._faults.append(fault)

    def clear(self) -> None:
        self._faults.clear()

    def strike(self, kind: str, job_id: str | None) -> Action | None:
        """The action for this request, by the fault that was planned first; every matching fault counts it."""
        actions = [fault.action for fault in self._faults if fault.strikes(kind, job_id)]
        return actions[0] if actions else None
