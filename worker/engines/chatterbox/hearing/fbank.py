"""Kaldi's logarithmic filter bank, which the x-vector is made of."""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn import functional

from worker.engines.chatterbox.hearing.resampling import NARROW_RATE

WINDOW = 400
HOP = 160
"""Samples: 25 ms, each 10 ms."""
SIZE = 512
"""Of the Fourier transform."""
BANDS = 80
LOWEST_HZ = 20.0
EMPHASIS = 0.97
POVEY = 0.85
"""The power of a Hann window that is Kaldi's own."""
FLOOR = torch.finfo(torch.float32).eps


class FilterBank:
    """What `torchaudio.compliance.kaldi.fbank` makes of a wave at 16 kHz with 80 bands, and otherwise its defaults."""

    def __init__(self, device: torch.device) -> None:
        self._window = torch.hann_window(WINDOW, periodic=False).pow(POVEY).to(device)
        self._bands = _bands().to(device)

    def __call__(self, wave: Tensor) -> Tensor:
        """Natural logarithms `[(n − 400) // 160 + 1, 80]` of `wave` float32 `[n]` of 400 samples or more."""
        frames = wave.unfold(0, WINDOW, HOP)
        frames = frames - frames.mean(1, keepdim=True)
        before = functional.pad(frames[None], (1, 0), mode="replicate")[0, :, :-1]
        emphasised = (frames - EMPHASIS * before) * self._window
        power = torch.fft.rfft(emphasised, SIZE).abs().pow(2.0)
        return torch.clamp(power[:, :-1] @ self._bands, min=FLOOR).log()


def _bands() -> Tensor:
    """What each band takes of each frequency, `[256, 80]`: triangles, evenly spaced in mel."""
    lowest, highest = (1127.0 * math.log(1.0 + hertz / 700.0) for hertz in (LOWEST_HZ, NARROW_RATE / 2))
    step = (highest - lowest) / (BANDS + 1)
    band = torch.arange(BANDS)[:, None]
    left, centre, right = (lowest + (band + corner) * step for corner in (0, 1.0, 2.0))
    mel = 1127.0 * (1.0 + NARROW_RATE / SIZE * torch.arange(SIZE / 2) / 700.0).log()
    rising, falling = (mel - left) / (centre - left), (right - mel) / (right - centre)
    return torch.minimum(rising, falling).clamp(min=0.0).t()
