"""A clip: samples and what is known about them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import chain

import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.float32]
"""Mono audio, float32 [n], full scale at −1…1."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Word:
    """A word as the engine spoke it, placed inside its clip."""

    text: str
    start_sec: float
    """Seconds from the start of the clip."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Clip:
    """Mono audio; compare samples, not clips."""

    samples: Samples
    sample_rate: int
    """Hertz."""
    words: tuple[Word, ...] = ()
    """In the order spoken; empty where the engine does not time words."""

    @property
    def duration_sec(self) -> float:
        """Seconds of audio."""
        return len(self.samples) / self.sample_rate


def silence(duration_sec: float, sample_rate: int) -> Clip:
    """A clip of zeros, rounded to the nearest sample."""
    return Clip(
        samples=np.zeros(round(duration_sec * sample_rate), dtype=np.float32),
        sample_rate=sample_rate,
    )


def moved(words: Iterable[Word], by_sec: float) -> tuple[Word, ...]:
    """The words, each `by_sec` later."""
    return tuple(replace(word, start_sec=word.start_sec + by_sec) for word in words)


def concatenate(clips: Iterable[Clip], sample_rate: int) -> Clip:
    """One clip of all `clips` end to end, their words moved along; they must share `sample_rate` hertz."""
    parts: list[Samples] = []
    words: list[tuple[Word, ...]] = []
    frames = 0
    for clip in clips:
        if clip.sample_rate != sample_rate:
            raise ValueError(f"a clip of {clip.sample_rate} Hz among clips of {sample_rate} Hz")
        words.append(moved(clip.words, frames / sample_rate))
        parts.append(clip.samples)
        frames += len(clip.samples)
    samples = np.concatenate(parts) if parts else np.zeros(0, dtype=np.float32)
    return Clip(samples=samples, sample_rate=sample_rate, words=tuple(chain.from_iterable(words)))
