"""Resampling, as each part of upstream does it: recordings by one library's filter, what S3Gen hears by another's."""

from __future__ import annotations

import math

import numpy as np
import soxr
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

Samples = NDArray[np.float32]

WIDE_RATE = 24_000
"""Hertz of the sound that S3Gen makes."""
NARROW_RATE = 16_000
"""Hertz of what all encoders hear."""
CROSSINGS = 6
"""Of zero, at each side of the middle of a filter (`lowpass_filter_width` of torchaudio)."""
ROLLOFF = 0.99
"""Of the lower rate's bandwidth: what is kept."""


def resampled(samples: Samples, sample_rate: int, wanted: int) -> Samples:
    """`samples` at `wanted` hertz, float32: `librosa.resample`'s numbers, which are soxr's high quality.

    There are as many as the duration asks for, rounded up; what the filter leaves short is 0.
    """
    if sample_rate == wanted:
        return samples
    count = math.ceil(len(samples) * (wanted / sample_rate))
    made = soxr.resample(samples, sample_rate, wanted, quality="soxr_hq")[:count]
    return np.pad(made, (0, count - len(made))).astype(np.float32, copy=False)


class Sinc:
    """Resampling with a windowed sinc: the numbers of `torchaudio.transforms.Resample`."""

    def __init__(self, sample_rate: int, wanted: int, device: torch.device) -> None:
        """From `sample_rate` to `wanted` hertz."""
        common = math.gcd(sample_rate, wanted)
        self._from, self._to = sample_rate // common, wanted // common
        self._margin, self._kernels = _kernels(self._from, self._to)
        self._kernels = self._kernels.to(device)

    def __call__(self, wave: Tensor) -> Tensor:
        """Of `wave` float32 `[n]`, as many samples as its duration asks for, rounded up."""
        padded = functional.pad(wave, (self._margin, self._margin + self._from))
        made = functional.conv1d(padded[None, None], self._kernels, stride=self._from)
        return made[0].t().reshape(-1)[: math.ceil(self._to * len(wave) / self._from)]


def _kernels(given: int, wanted: int) -> tuple[int, Tensor]:
    """Samples at each side of a period, and a filter for each sample made of one: `[wanted, 1, length]`."""
    band = min(given, wanted) * ROLLOFF
    margin = math.ceil(CROSSINGS * given / band)
    heard = torch.arange(-margin, margin + given, dtype=torch.float64) / given
    # Phases are single precision before they are double, as torchaudio has them.
    made = torch.arange(0, -wanted, -1)[:, None] / wanted
    crossings = ((made + heard) * band).clamp(-CROSSINGS, CROSSINGS)
    window = torch.cos(crossings * math.pi / CROSSINGS / 2) ** 2
    return margin, (torch.sinc(crossings) * window * (band / given)).float()[:, None]
