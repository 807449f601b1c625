"""Sounds to be marked, and how far two are apart."""

from __future__ import annotations

from functools import cache

import numpy as np
import soxr

from tests.engines.chatterbox.conditioning.recordings import spoken
from worker.audio.clip import Samples
from worker.engines.espeak.engine import load
from worker.settings import Settings

RATE = 24_000
FULL_SCALE = 32_767
"""Of 16-bit audio."""


def speech(sample_rate: int) -> Samples:
    """Six seconds of the embedded engine, with pauses that are silent to the last bit."""
    reference = spoken(load("espeak", Settings()))
    samples: Samples = soxr.resample(reference.samples, reference.sample_rate, sample_rate)[: 6 * sample_rate]
    return 0.7 * samples / np.abs(samples).max()


def hiss(sample_rate: int) -> Samples:
    """Two seconds of noise in syllables."""
    times = np.arange(2 * sample_rate) / sample_rate
    noise = np.random.default_rng(0).standard_normal(len(times))
    return (0.1 * noise * (0.55 + 0.45 * np.sin(2 * np.pi * 3 * times))).astype(np.float32)


def glides(sample_rate: int) -> Samples:
    """Two seconds of a voice that glides, in a little noise."""
    times = np.arange(2 * sample_rate) / sample_rate
    pitch = 120 + 25 * np.sin(2 * np.pi * 0.7 * times)
    phase = 2 * np.pi * np.cumsum(pitch) / sample_rate
    waves = sum(np.exp(-(((k * pitch - 700) / 400) ** 2)) * np.sin(k * phase) for k in range(1, 25))
    return (0.1 * waves + 0.003 * np.random.default_rng(0).standard_normal(len(times))).astype(np.float32)


SOUNDS = {"speech": speech, "hiss": hiss, "glides": glides}


@cache
def sound(name: str, sample_rate: int) -> Samples:
    """One of them; it is not to be written to."""
    samples = SOUNDS[name](sample_rate)
    samples.flags.writeable = False
    return samples


def decibels(samples: Samples, reference: Samples) -> float:
    """How loud `samples` are beside `reference`."""
    return float(10 * np.log10((np.square(samples).sum() + 1e-30) / np.square(reference).sum()))


def whole_hops(samples: Samples, sample_rate: int) -> Samples:
    """Without the part of a hop at the end, which Perth drops."""
    return samples[: len(samples) * 100 // sample_rate * sample_rate // 100]
