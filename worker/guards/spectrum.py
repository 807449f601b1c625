"""Spectra: what a clip sounds like every sixteen milliseconds, in bands as wide as the ear's."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from worker.audio.clip import Clip

SpectrumArray = NDArray[np.float32]

SPECTRUM_HOP_SEC = 0.016
WINDOW_SEC = 0.064
"""Four hops, so that a copy that is half a hop off, or whose pulses fall elsewhere, still looks alike."""
BANDS = 16
LOWEST_HZ = 100.0
HIGHEST_HZ = 6000.0
RANGE_DB = 50.0
"""Below the loudest band all is alike."""
BLOCK_FRAMES = 2000


def band_levels_db(clip: Clip) -> SpectrumArray:
    """Levels of BANDS bands by hop, within RANGE_DB of the loudest, float32 [frames, BANDS]."""
    hop, window = round(SPECTRUM_HOP_SEC * clip.sample_rate), round(WINDOW_SEC * clip.sample_rate)
    samples = np.pad(clip.samples, (0, max(0, window - len(clip.samples))))
    views = np.lib.stride_tricks.sliding_window_view(samples, window)[::hop]
    size = 2 ** math.ceil(math.log2(window))
    taper = np.hanning(window).astype(np.float32)
    bands = _bands(size, clip.sample_rate)
    blocks = np.array_split(views, max(1, math.ceil(len(views) / BLOCK_FRAMES)))
    power = np.concatenate([np.square(np.abs(np.fft.rfft(block * taper, size, axis=1))) @ bands for block in blocks])
    levels_db = 10 * np.log10(np.maximum(power, 1e-12))
    found: SpectrumArray = np.maximum(levels_db, levels_db.max() - RANGE_DB).astype(np.float32)
    return found


def _bands(size: int, sample_rate: int) -> SpectrumArray:
    """Triangles on the mel scale, float32 [size // 2 + 1, BANDS]; each reaches over a bin at least."""
    highest_hz = min(HIGHEST_HZ, sample_rate / 2)
    edges_hz = _hertz(np.linspace(_mel(LOWEST_HZ), _mel(highest_hz), BANDS + 2))
    bins_hz = np.arange(size // 2 + 1) * sample_rate / size
    left, middle, right = edges_hz[:-2], edges_hz[1:-1], edges_hz[2:]
    rising = (bins_hz[:, None] - left) / (middle - left)
    falling = (right - bins_hz[:, None]) / (right - middle)
    return np.maximum(0.0, np.minimum(rising, falling)).astype(np.float32)


def _mel(hertz: float) -> float:
    return 2595 * math.log10(1 + hertz / 700)


def _hertz(mel: NDArray[np.float64]) -> NDArray[np.float64]:
    hertz: NDArray[np.float64] = 700 * (10 ** (mel / 2595) - 1)
    return hertz
