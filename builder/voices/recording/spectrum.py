"""Spectrum: how high the sound of a recording reaches, whatever its sample rate says."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from builder.voices.recording.activity import Activity, BoolArray, FloatArray
from worker.audio.clip import Clip

WINDOW_SEC = 0.04
"""Two frames; a bin is 25 Hz or less."""
MOST_WINDOWS = 2000
"""Of a long recording, so many are looked at, all along it."""
LOUD_PERCENTILE = 95
"""The highest sound is in the fricatives, a few windows in a hundred."""
RANGE_DB = 75.0
"""What lies further under the strongest bin is rounding, and what a resampler or an encoder leaves of it."""
MARGIN_DB = 12.0
"""Over the median of the noise: the 95th percentile of noise itself lies 6 dB over it."""
SMOOTHED_HZ = 200.0
"""Wider than the partials of a voice are apart, mostly."""
LEAST_WINDOWS = 8
STEEP_DB = 20.0
"""Fall over the edge of a band that a filter cut off; espeak in noise falls by over 15 at times."""
BELOW, ABOVE = (0.75, 0.95), (1.1, 1.3)
"""Where the fall is measured, as shares of the edge."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Band:
    """What there is of the speech's spectrum."""

    end_hz: float
    """The highest frequency at which speech stands out of noise and rounding; half the sample rate at most."""
    cut_off: bool
    """Whether the spectrum breaks off there, as that of a telephone does; else it fades, or sinks into the noise."""


def band(clip: Clip, active: Activity) -> Band:
    """Where the spectrum of the speech ends, and how."""
    window = 2 ** math.ceil(math.log2(max(2, WINDOW_SEC * clip.sample_rate)))
    speech = _powers(clip, active.frame, active.speech, window)
    if not len(speech):
        return Band(end_hz=0.0, cut_off=False)
    bins_hz = clip.sample_rate / window
    width = max(1, round(SMOOTHED_HZ / bins_hz)) | 1
    loud = _smoothed_db(np.percentile(speech, LOUD_PERCENTILE, axis=0), width)
    pauses = _powers(clip, active.frame, active.quiet, window)
    least = np.full(len(loud), loud.max() - RANGE_DB)
    if len(pauses) >= LEAST_WINDOWS:
        least = np.maximum(least, _smoothed_db(np.median(pauses, axis=0), width) + MARGIN_DB)
    heard = np.flatnonzero(loud > least)
    if not len(heard):
        return Band(end_hz=0.0, cut_off=False)
    end = int(heard[-1]) + 1
    return Band(end_hz=min(end * bins_hz, clip.sample_rate / 2), cut_off=_fall_db(loud, end) >= STEEP_DB)


def _fall_db(loud: FloatArray, end: int) -> float:
    below, above = (loud[int(lower * end) : int(upper * end)] for lower, upper in (BELOW, ABOVE))
    return float(np.median(below) - np.median(above)) if len(below) and len(above) else 0.0


def _powers(clip: Clip, frame: int, marked: BoolArray, window: int) -> FloatArray:
    """The power spectra of windows that lie in marked frames as a whole, float64 [windows, window // 2 + 1]."""
    count = math.ceil(window / frame)
    inside = np.convolve(marked, np.ones(count), mode="valid") == count if len(marked) >= count else np.zeros(0)
    starts = np.flatnonzero(inside)
    starts = starts[np.unique(np.linspace(0, len(starts) - 1, min(len(starts), MOST_WINDOWS)).astype(int))] * frame
    cut = clip.samples[starts[:, None] + np.arange(window)] if len(starts) else np.zeros((0, window), dtype=np.float32)
    cut = cut - cut.mean(axis=1, keepdims=True)
    return np.asarray(np.abs(np.fft.rfft(cut * np.hanning(window), axis=1)) ** 2, dtype=np.float64)


def _smoothed_db(power: FloatArray, width: int) -> FloatArray:
    smoothed = np.convolve(np.pad(power, width // 2, mode="edge"), np.full(width, 1 / width), mode="valid")
    return np.asarray(10 * np.log10(np.maximum(smoothed, 1e-20)))
