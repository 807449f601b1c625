"""Joining: clips one after another, with exact pauses and no clicks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from worker.audio.clip import Clip, Samples, concatenate, silence

FADE_SEC = 0.005
"""Long enough that an edge does not click, short enough to leave a plosive its attack."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A clip and the silence around it."""

    clip: Clip
    lead_sec: float = 0.0
    pause_sec: float = 0.0
    fades_in: bool = True
    """False where the clip goes on from the one before it, as when an engine streams one utterance."""
    fades_out: bool = True
    """False where the next clip goes on from this one."""


def joined(parts: Iterable[Part]) -> Iterator[Clip]:
    """One clip per part: its silences, rounded to the sample, around its clip, whose edges fade.

    Raises:
        ValueError: the parts do not share one sample rate.
    """
    sample_rate: int | None = None
    for part in parts:
        sample_rate = sample_rate or part.clip.sample_rate
        yield concatenate(
            (silence(part.lead_sec, sample_rate), _faded(part), silence(part.pause_sec, sample_rate)),
            sample_rate,
        )


def _faded(part: Part) -> Clip:
    clip = part.clip
    samples = clip.samples.copy()
    ramp = _ramp(min(round(FADE_SEC * clip.sample_rate), len(samples) // 2))
    if part.fades_in:
        samples[: len(ramp)] *= ramp
    if part.fades_out:
        samples[len(samples) - len(ramp) :] *= ramp[::-1]
    return Clip(samples=samples, sample_rate=clip.sample_rate, words=clip.words)


def _ramp(frames: int) -> Samples:
    """Half a raised cosine from 0 to 1, both left out, float32 [frames]."""
    phase = np.arange(1, frames + 1) / (frames + 1)
    return (0.5 - 0.5 * np.cos(np.pi * phase)).astype(np.float32)
