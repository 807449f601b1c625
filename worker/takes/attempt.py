"""Attempts: what each rendering of an utterance came to, and which of them is kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from worker.audio.clip import Clip
from worker.engines.base import Rejected, Verdict
from worker.errors import RequestError, WorkerError
from worker.guards.check import Finding


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Attempt:
    """A rendering that was heard to its end, or the error it ended with."""

    verdict: Verdict
    clips: tuple[Clip, ...] = ()
    clip: Clip | None = None
    """All of it."""
    findings: tuple[Finding, ...] = ()
    error: WorkerError | None = None

    @property
    def severity(self) -> float:
        """All that the checks found, added up."""
        return sum(finding.severity for finding in self.findings)

    @property
    def duration_sec(self) -> float:
        """Seconds of audio."""
        return self.clip.duration_sec if self.clip else 0.0

    @property
    def failed(self) -> tuple[str, ...]:
        """Names of the checks, or the code of the error."""
        return (self.error.code,) if self.error else tuple(finding.name for finding in self.findings)

    @property
    def is_usable(self) -> bool:
        """Whether there is anything to be heard."""
        return self.error is None and not any(finding.fatal for finding in self.findings)

    def is_same_as(self, other: Attempt) -> bool:
        """Whether both have the same samples, bit by bit."""
        if self.clip is None or other.clip is None:
            return False
        ours, theirs = self.clip.samples, other.clip.samples
        return len(ours) == len(theirs) and np.array_equal(ours.view(np.uint8), theirs.view(np.uint8))


def is_pointless(attempts: Sequence[Attempt]) -> bool:
    """Whether the last attempt shows that another one would tell nothing new."""
    *before, last = attempts
    return isinstance(last.error, RequestError) or any(last.is_same_as(attempt) for attempt in before)


def reported(kept: Attempt, attempts: Sequence[Attempt]) -> Verdict:
    """The kept attempt's verdict, with what became of the others."""
    rejected: list[Rejected] = []
    for attempt in attempts:
        rejected.extend(attempt.verdict.rejected)
        if attempt is not kept:
            verdict = attempt.verdict
            rejected.append(Rejected(seed=verdict.seed, engine=verdict.engine, failed=attempt.failed))
    return replace(
        kept.verdict,
        attempts=sum(attempt.verdict.attempts for attempt in attempts),
        failed=kept.failed,
        rejected=tuple(rejected),
    )
