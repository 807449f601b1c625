"""Figures of many utterances that were asked for at once."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

TOKENS_PER_SEC = 25


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """When somebody heard an utterance, in seconds from when all were asked for."""

    first_sec: float
    last_sec: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """The middle of some seconds, and what 95 % of them do not exceed."""

    p50: float
    p95: float

    @classmethod
    def of(cls, seconds: Sequence[float]) -> Spread:
        """The median, and the nearest one that so many are at or below: of a few, the most."""
        return cls(p50=statistics.median(seconds), p95=sorted(seconds)[math.ceil(0.95 * len(seconds)) - 1])


def one_after_another(utterance_sec: float, count: int) -> list[Heard]:
    """How so many are heard of somebody who says them whole, each when the one before it is done."""
    ends = [utterance_sec * place for place in range(1, count + 1)]
    return [Heard(first_sec=end, last_sec=end) for end in ends]


def audio_sec(tokens: int) -> float:
    """How long so many speech tokens are heard."""
    return tokens / TOKENS_PER_SEC
