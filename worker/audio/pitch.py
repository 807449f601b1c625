"""Pitch: the fundamental frequency of a recording, frame by frame."""

from __future__ import annotations

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from worker.audio.clip import Clip
from worker.audio.resample import resample

SAMPLE_RATE = 16_000
"""Hertz that recordings are brought to first."""
FRAME_SEC = 0.05
"""Three periods of LOWEST_HZ."""
HOP_SEC = 0.01
LOWEST_HZ = 60.0
HIGHEST_HZ = 1000.0
"""From a low man to a high child who sings."""
VOICED = 0.6
"""Least share of a frame's power that comes again a period later."""
FIRST_PEAK = 0.9
"""Share of the highest peak that makes an earlier one the period: two periods later the frame agrees as well."""
LEAST_POWER = 1e-6
"""−60 dB of full scale."""


def pitch_hz(clip: Clip) -> NDArray[np.float64]:
    """The fundamental every HOP_SEC, NaN where there is none; by autocorrelation (Boersma, IFA Proc. 17, 1993)."""
    samples = resample(clip, SAMPLE_RATE).samples
    frame, hop = round(FRAME_SEC * SAMPLE_RATE), round(HOP_SEC * SAMPLE_RATE)
    padded = np.pad(samples, (frame // 2, frame // 2))
    frames = sliding_window_view(padded, frame)[::hop]
    return np.concatenate([_pitches(block) for block in np.array_split(frames, max(1, len(frames) // 1000))])


def _pitches(frames: NDArray[np.float32]) -> NDArray[np.float64]:
    """The fundamental of each row, float64 [rows]."""
    count, frame = frames.shape
    centred = frames - frames.mean(axis=1, keepdims=True)
    spectra = np.fft.rfft(centred, 2 * frame, axis=1)
    shortest, longest = int(SAMPLE_RATE / HIGHEST_HZ), int(SAMPLE_RATE / LOWEST_HZ) + 1
    sums = np.fft.irfft(np.abs(spectra) ** 2, axis=1)[:, : longest + 2]
    power = np.maximum(sums[:, 0], LEAST_POWER * frame)
    agreement = sums / power[:, None] * (frame / (frame - np.arange(longest + 2)))
    found = np.full(count, np.nan)
    for row in np.flatnonzero(sums[:, 0] > LEAST_POWER * frame):
        found[row] = _period_to_hz(agreement[row], shortest, longest)
    return found


def _period_to_hz(agreement: NDArray[np.float64], shortest: int, longest: int) -> float:
    middle = agreement[shortest : longest + 1]
    peaks = np.flatnonzero(
        (middle >= agreement[shortest - 1 : longest]) & (middle > agreement[shortest + 1 : longest + 2])
    )
    if not len(peaks) or middle[peaks].max() < VOICED:
        return np.nan
    lag = shortest + int(peaks[middle[peaks] >= FIRST_PEAK * middle[peaks].max()][0])
    left, top, right = agreement[lag - 1 : lag + 2]
    shift = 0.5 * (left - right) / (left - 2 * top + right)
    return float(SAMPLE_RATE / (lag + shift))
