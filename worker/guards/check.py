"""A check: looks at one rendering and says whether it is one to be heard."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from worker.audio.clip import Clip
from worker.engines.base import Utterance, Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What a check has against a rendering."""

    name: str
    """Of the check."""
    severity: float
    """From 0, barely a fault, to 1; only renderings of one utterance are compared by it."""
    fatal: bool = False
    """Whether there is nothing to be heard, so that it is never kept, even for want of a better one."""
    detail: Mapping[str, float] = field(default_factory=dict)
    """Numbers that the severity comes from; nothing of the text is in them."""


class Check(Protocol):
    """One way in which a rendering can be wrong. It keeps nothing between calls and works from any thread."""

    @property
    def name(self) -> str:
        """Stands in verdicts: `too_short`."""

    def judge(self, utterance: Utterance, clip: Clip, verdict: Verdict) -> Finding | None:
        """What is wrong with `clip`, the whole of `utterance`; None where nothing is."""


def judged(checks: Iterable[Check], utterance: Utterance, clip: Clip, verdict: Verdict) -> tuple[Finding, ...]:
    """What the checks find, in their order; after a fatal finding the rest are not asked."""
    findings: list[Finding] = []
    for check in checks:
        finding = check.judge(utterance, clip, verdict)
        if finding is not None:
            findings.append(finding)
            if finding.fatal:
                break
    return tuple(findings)


def share(value: float) -> float:
    """`value` as a severity: between 0 and 1."""
    return min(max(float(value), 0.0), 1.0)
