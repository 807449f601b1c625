"""Sounds whose every property is known, and ways to cut and measure them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import pairwise

import numpy as np
from hypothesis import strategies as st

from worker.audio.clip import Clip, Samples, Word, concatenate

cuts = st.lists(st.floats(0.0, 1.0), max_size=12)
"""Where a stream is cut, as shares of its length; equal ones make empty clips."""


def tone(hertz: float, duration_sec: float, sample_rate: int, *, level: float = 0.5, phase: float = 0.0) -> Clip:
    """A sine."""
    time_sec = np.arange(round(duration_sec * sample_rate)) / sample_rate
    samples = level * np.sin(2 * np.pi * hertz * time_sec + phase)
    return Clip(samples=samples.astype(np.float32), sample_rate=sample_rate)


def noise(frames: int, sample_rate: int, *, level: float = 0.2, seed: int = 0) -> Clip:
    """White Gaussian noise."""
    samples = np.random.default_rng(seed).standard_normal(frames) * level
    return Clip(samples=samples.astype(np.float32), sample_rate=sample_rate)


def with_words(clip: Clip, count: int = 7) -> Clip:
    """The clip with words spread over it."""
    words = (Word(text=str(n), start_sec=n * clip.duration_sec / count) for n in range(count))
    return replace(clip, words=tuple(words))


def cut(clip: Clip, shares: Iterable[float]) -> Iterator[Clip]:
    """The clip in pieces, each word on the piece it starts in."""
    frames = len(clip.samples)
    edges = [0, *sorted(int(share * frames) for share in shares), frames]
    for start, end in pairwise(edges):
        start_sec, end_sec = start / clip.sample_rate, end / clip.sample_rate
        words = tuple(
            replace(word, start_sec=word.start_sec - start_sec)
            for word in clip.words
            if start_sec <= word.start_sec < end_sec
        )
        yield replace(clip, samples=clip.samples[start:end], words=words)


def whole(clips: Iterable[Clip], sample_rate: int) -> Clip:
    """The stream as one clip."""
    return concatenate(clips, sample_rate)


def peak_hertz(samples: Samples, sample_rate: int) -> float:
    """The frequency of the strongest partial, refined between bins by a parabola."""
    spectrum = np.log(np.abs(np.fft.rfft(samples * np.hanning(len(samples)))) + 1e-12)
    top = int(np.argmax(spectrum[1:-1])) + 1
    left, middle, right = spectrum[top - 1 : top + 2]
    shift = 0.5 * (left - right) / (left - 2 * middle + right)
    return float((top + shift) * sample_rate / len(samples))


def starts(clip: Clip) -> list[float]:
    """When each word starts, in seconds."""
    return [word.start_sec for word in clip.words]
