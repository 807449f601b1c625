"""Figures of a cache: what it found, missed, lost and threw away."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Counted = Literal[
    "hit", "miss", "shared", "stored", "unkept", "corrupted", "expired", "evicted", "failed", "skipped", "dropped"
]
"""Hit: found in a tier. Miss: had to be rendered. Shared: heard while it was rendered for another. Stored: written to a
tier. Unkept: rendered, but not well enough to keep. Corrupted, expired, evicted: thrown out of a tier. Failed: a tier
was out of order. Skipped: it was not asked because it had been. Dropped: not written because too much waited."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CacheFigures:
    """A cache's figures since the worker started."""

    counts: Mapping[Counted, int]
    """All tiers together; what never happened is left out."""
    by_tier: Mapping[str, Mapping[Counted, int]]
    size_bytes: Mapping[str, int]
    """By tier, as far as it is known."""

    @property
    def hits(self) -> int:
        """Utterances that were found."""
        return self.counts.get("hit", 0)

    @property
    def misses(self) -> int:
        """Utterances that were rendered."""
        return self.counts.get("miss", 0)


class Tally:
    """Counts events, of one tier or of the cache as a whole; for any number of threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts: Counter[tuple[str, Counted]] = Counter()

    def count(self, what: Counted, tier: str = "", times: int = 1) -> None:
        """Books `what` that often."""
        with self._lock:
            self._counts[tier, what] += times

    def figures(self, size_bytes: Mapping[str, int]) -> CacheFigures:
        """What was counted so far."""
        with self._lock:
            counted = dict(self._counts)
        totals: Counter[Counted] = Counter()
        by_tier: dict[str, dict[Counted, int]] = {}
        for (tier, what), times in counted.items():
            totals[what] += times
            if tier:
                by_tier.setdefault(tier, {})[what] = times
        return CacheFigures(counts=dict(totals), by_tier=by_tier, size_bytes=dict(size_bytes))
