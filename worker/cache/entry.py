"""Entries: an utterance as it was rendered, in full."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from worker.audio.clip import Clip
from worker.engines.base import Verdict

FIXED_BYTES = 2048
"""Of objects around the samples, as a rule."""
WORD_BYTES = 256
NUMBER_BYTES = 40
"""Of a speech token: an integer and the place it has in a tuple."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Entry:
    """Clips and verdict of one take; the samples cannot be changed."""

    clips: tuple[Clip, ...]
    verdict: Verdict
    """As it was when the take ended."""
    made_at: float
    """Seconds since the epoch."""

    @property
    def size_bytes(self) -> int:
        """About what it takes in memory."""
        words = sum(len(clip.words) for clip in self.clips)
        samples = sum(clip.samples.nbytes for clip in self.clips)
        tokens = len(self.verdict.speech_tokens or ())
        return FIXED_BYTES + samples + WORD_BYTES * words + NUMBER_BYTES * tokens


def unchangeable(clip: Clip) -> Clip:
    """`clip` with samples of its own that nobody can change, for it is heard by several."""
    samples = np.array(clip.samples, dtype=np.float32, order="C", copy=True)
    samples.setflags(write=False)
    return replace(clip, samples=samples)
