"""A case: one member in one precision, both sides loaded, and how much is to be measured of it."""

from __future__ import annotations

import statistics
from dataclasses import dataclass

from bench.speaking.figures import Heard
from bench.speaking.ours import Ours
from bench.speaking.theirs import Theirs
from worker.engines.chatterbox.arithmetic.precision import PrecisionName
from worker.engines.chatterbox.member import Member


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How much is measured."""

    alone: tuple[int, ...]
    """Speech tokens of an utterance that nobody is beside, each in turn."""
    crowds: tuple[int, ...]
    """Utterances asked for at once, each number in turn."""
    tokens: int
    """Of each of them."""
    page: int
    """Of each utterance of the long text."""
    pages: int
    runs: int
    """Of whatever is said by one alone, of which the median counts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """Both sides."""

    member: Member
    precision: PrecisionName
    ours: Ours
    theirs: Theirs
    plan: Plan

    @property
    def cells(self) -> tuple[str, str]:
        """What every row begins with."""
        return self.member.name, self.precision

    def median(self, tokens: int, *, live: bool = False, strangers: bool = False) -> Heard:
        """Ours alone, in the checkpoint's voice or in one that was never heard before."""
        runs = [
            self.ours.heard([self.ours.stranger() if strangers else self.ours.voice], tokens, live=live)[0]
            for _ in range(self.plan.runs)
        ]
        return Heard(
            first_sec=statistics.median(run.first_sec for run in runs),
            last_sec=statistics.median(run.last_sec for run in runs),
        )
