"""What a worker must never send, counted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

ViolationKind = Literal[
    "answered_twice",
    "answered_after_stop",  # cancelled or timed out: harmless if the answer crossed the stop signal
    "progress_after_final",
    "chunk_after_final",
    "invalid_json",  # NaN and Infinity included
    "too_large",
    "unknown_job",
    "unauthorised",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Violation:
    kind: ViolationKind
    at_sec: float
    worker_id: str
    job_id: str
