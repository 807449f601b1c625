"""Loudness: how loud Turbo and Nano take a recording to be before they hear it.

The numbers of pyloudnorm 0.2, with which upstream measures. Its filters run sample by sample and bring scipy.signal,
half a second of imports; here they are applied to the whole spectrum.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

BLOCK_SEC = 0.4
OVERLAP = 0.75
OFFSET_DB = -0.691
ABSOLUTE_GATE_LUFS = -70.0
RELATIVE_GATE_DB = -10.0
"""All of ITU-R BS.1770-4."""
SHELF_HZ, SHELF_DB, SHELF_Q = 1500.0, 4.0, 1 / math.sqrt(2)
PASS_HZ, PASS_Q = 38.0, 0.5
"""The K-weighting, as pyloudnorm has it: a shelf and a high pass of the Audio EQ Cookbook
(https://www.w3.org/TR/audio-eq-cookbook/)."""
RINGING_SEC = 0.4
"""After which the high pass has fallen silent, by 380 dB."""

Samples = NDArray[np.float32]
Numbers = NDArray[np.float64]


def levelled(samples: Samples, sample_rate: int, target_lufs: float) -> Samples:
    """`samples` float32 `[n]` at `target_lufs`; as they are where that is unknown, for what is too quiet to measure."""
    gain = 10.0 ** ((target_lufs - loudness_lufs(samples, sample_rate)) / 20.0)
    if not math.isfinite(gain) or gain <= 0.0:
        return samples
    return (samples * np.float64(gain)).astype(np.float32)  # rounded once, as upstream's are


def loudness_lufs(samples: Samples, sample_rate: int) -> float:
    """Integrated loudness of float32 `[n]` of 0.4 s or more; −inf where no block of them is loud enough to count."""
    powers = _block_powers(_weighted(samples, sample_rate), sample_rate)
    with np.errstate(divide="ignore"):
        levels = OFFSET_DB + 10.0 * np.log10(powers)
    loud = levels >= ABSOLUTE_GATE_LUFS
    if not loud.any():
        return -math.inf
    gate = OFFSET_DB + 10.0 * np.log10(np.mean(powers[loud])) + RELATIVE_GATE_DB
    counted = (levels > gate) & (levels > ABSOLUTE_GATE_LUFS)
    return float(OFFSET_DB + 10.0 * np.log10(np.mean(powers[counted]))) if counted.any() else -math.inf


def _block_powers(weighted: Samples, sample_rate: int) -> Numbers:
    step = BLOCK_SEC * (1.0 - OVERLAP)
    count = int(np.round((len(weighted) / sample_rate - BLOCK_SEC) / step)) + 1
    starts = (int(BLOCK_SEC * (block * (1.0 - OVERLAP)) * sample_rate) for block in range(count))
    ends = (int(BLOCK_SEC * (block * (1.0 - OVERLAP) + 1) * sample_rate) for block in range(count))
    share = 1.0 / (BLOCK_SEC * sample_rate)
    squares = np.square(weighted)
    return np.array([share * np.sum(squares[start:end]) for start, end in zip(starts, ends, strict=True)], np.float64)


def _weighted(samples: Samples, sample_rate: int) -> Samples:
    """What the recursive filters make of the samples, one after the other, rounded as those are."""
    count, size = len(samples), _transform_size(len(samples) + round(RINGING_SEC * sample_rate))
    delays = np.exp(-2j * np.pi * np.arange(size // 2 + 1) / size)
    for numerator, denominator in (_shelf(sample_rate), _high_pass(sample_rate)):
        response = np.polyval(numerator[::-1], delays) / np.polyval(denominator[::-1], delays)
        spectrum = np.fft.rfft(samples.astype(np.float64), size) * response
        samples = np.fft.irfft(spectrum, size)[:count].astype(np.float32)
    return samples


def _transform_size(least: int) -> int:
    """The smallest one of 2, 3 or 5 times a power of two: fast, and at most a third more than asked for."""
    return min(factor << max(0, (-(-least // factor) - 1).bit_length()) for factor in (2, 3, 5))


def _shelf(sample_rate: int) -> tuple[Numbers, Numbers]:
    root = 10 ** (SHELF_DB / 40.0)
    turn = 2.0 * math.pi * SHELF_HZ / sample_rate
    cosine, slope = math.cos(turn), 2 * math.sqrt(root) * math.sin(turn) / (2.0 * SHELF_Q)
    more, less = root + 1, root - 1
    numerator = np.array([more + less * cosine + slope, -2 * (less + more * cosine), more + less * cosine - slope])
    denominator = np.array([more - less * cosine + slope, 2 * (less - more * cosine), more - less * cosine - slope])
    return root * numerator, denominator


def _high_pass(sample_rate: int) -> tuple[Numbers, Numbers]:
    turn = 2.0 * math.pi * PASS_HZ / sample_rate
    cosine, slope = math.cos(turn), math.sin(turn) / (2.0 * PASS_Q)
    numerator = np.array([(1 + cosine) / 2, -(1 + cosine), (1 + cosine) / 2])
    return numerator, np.array([1 + slope, -2 * cosine, 1 - slope])
