"""Spectrogram: levels over time and pitch, as they are drawn."""

from __future__ import annotations

import math
from typing import overload

import numpy as np

from builder.voices.recording.activity import FloatArray
from worker.audio.clip import Clip

ROWS = 300
"""Of the spectrogram, evenly on the mel scale: on a scale of hertz the fundamental would lie at the very bottom."""
HIGHEST_HZ = 12_000.0
"""Half the sample rate of most engines: what they can hear of a recording."""
WINDOW_SEC = 0.025
"""One period of 40 Hz: partials of a high voice and pulses of a low one show."""


def spectrogram(clip: Clip, columns: int) -> tuple[FloatArray, float]:
    """Levels below the loudest, float64 [ROWS, columns or less], from 0 Hz to the frequency returned."""
    size = 2 ** math.ceil(math.log2(max(2, WINDOW_SEC * clip.sample_rate)))
    samples = np.pad(clip.samples, (size // 2, size // 2))
    middles = np.linspace(0, len(clip.samples) - 1, min(columns, len(clip.samples))).astype(int)
    windows = samples[middles[:, None] + np.arange(size)] * np.hanning(size).astype(np.float32)
    powers = np.abs(np.fft.rfft(windows, axis=1).T) ** 2
    highest_hz = min(HIGHEST_HZ, clip.sample_rate / 2)
    rows = _hertz(np.linspace(0, mel(highest_hz), ROWS)) * size / clip.sample_rate
    lower = np.minimum(rows.astype(int), len(powers) - 2)
    share = (rows - lower)[:, None]
    levels_db = 10 * np.log10(np.maximum((1 - share) * powers[lower] + share * powers[lower + 1], 1e-12))
    return levels_db - levels_db.max(), highest_hz


@overload
def mel(hertz: float) -> float: ...
@overload
def mel(hertz: FloatArray) -> FloatArray: ...
def mel(hertz: float | FloatArray) -> float | FloatArray:
    """The mel scale (O'Shaughnessy, 1987)."""
    return 2595 * np.log10(1 + hertz / 700)


def _hertz(mel: FloatArray) -> FloatArray:
    return np.asarray(700 * (10 ** (mel / 2595) - 1))
