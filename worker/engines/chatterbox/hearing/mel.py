"""Mel spectrograms: one each for the tokenizer, for the voice encoder and for S3Gen."""

from __future__ import annotations

import math

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from worker.engines.chatterbox.hearing.resampling import NARROW_RATE, WIDE_RATE

LINEAR_HZ = 200 / 3
"""Of a mel, up to KNEE_HZ."""
KNEE_HZ = 1000.0
KNEE = KNEE_HZ / LINEAR_HZ
LOGARITHM = math.log(6.4) / 27
"""Of what a mel multiplies a frequency by, above KNEE_HZ (Slaney's Auditory Toolbox)."""

NARROW_WINDOW = 400
NARROW_HOP = 160
"""Samples at 16 kHz: 25 ms, each 10 ms."""


def mel_bands(sample_rate: int, window: int, bands: int, highest_hz: float) -> Tensor:
    """What each band takes of each frequency: float32 `[bands, window // 2 + 1]`, `librosa.filters.mel`'s numbers.

    Triangles from 0 to `highest_hz`, evenly spaced in mel, each of the same area.
    """
    corners = _hertz(np.linspace(0.0, _mel(highest_hz), bands + 2))
    widths = np.diff(corners)
    slopes = np.subtract.outer(corners, np.fft.rfftfreq(window, 1 / sample_rate))
    rising, falling = -slopes[:-2] / widths[:-1, None], slopes[2:] / widths[1:, None]
    weights = np.maximum(0, np.minimum(rising, falling)).astype(np.float32)
    weights *= (2.0 / (corners[2:] - corners[:-2]))[:, None]
    return torch.from_numpy(weights)


class WideMel:
    """What S3Gen makes sound of, at 24 kHz: 50 frames a second, 80 bands up to 8 kHz, natural logarithms."""

    WINDOW = 1920
    HOP = 480
    BANDS = 80
    HIGHEST_HZ = 8000
    FLOOR = 1e-5
    """The quietest that is told apart."""
    UNDER_ROOT = 1e-9

    def __init__(self, device: torch.device) -> None:
        self._bands = mel_bands(WIDE_RATE, self.WINDOW, self.BANDS, self.HIGHEST_HZ).to(device)
        self._window = torch.hann_window(self.WINDOW).to(device)

    def __call__(self, wave: Tensor) -> Tensor:
        """`[n // 480, 80]` of a wave float32 `[n]` of more than 720 samples."""
        margin = (self.WINDOW - self.HOP) // 2
        padded = functional.pad(wave[None, None], (margin, margin), mode="reflect")[0]
        spectrum = torch.stft(
            padded, self.WINDOW, hop_length=self.HOP, window=self._window, center=False, return_complex=True
        )
        magnitude = torch.sqrt(torch.view_as_real(spectrum).pow(2).sum(-1) + self.UNDER_ROOT)
        return torch.log(torch.clamp(self._bands @ magnitude, min=self.FLOOR))[0].t()


class TokenizerMel:
    """What the tokenizer hears, at 16 kHz: 100 frames a second, 128 bands, logarithms of the loudest 80 dB."""

    BANDS = 128
    FLOOR = 1e-10
    DEPTH = 8.0
    """Powers of ten under the loudest."""
    CENTRE = 4.0

    def __init__(self, bands: Tensor, window: Tensor) -> None:
        """`bands` `[128, 201]` and `window` `[400]`."""
        self._bands, self._window = bands, window

    def __call__(self, wave: Tensor) -> Tensor:
        """`[128, n // 160]` of a wave float32 `[n]` of more than 200 samples."""
        logarithms = torch.clamp(self._bands @ narrow_power(wave, self._window)[:, :-1], min=self.FLOOR).log10()
        return (torch.maximum(logarithms, logarithms.max() - self.DEPTH) + self.CENTRE) / self.CENTRE


def narrow_power(wave: Tensor, window: Tensor) -> Tensor:
    """The power spectrum `[201, n // 160 + 1]` of `wave` `[n]` at 16 kHz; frames are about their middles."""
    spectrum = torch.stft(wave, NARROW_WINDOW, NARROW_HOP, window=window, return_complex=True)
    return spectrum.abs() ** 2


def tokenizer_bands() -> Tensor:
    """Where a checkpoint's file has none: float32 `[128, 201]`."""
    return mel_bands(NARROW_RATE, NARROW_WINDOW, TokenizerMel.BANDS, NARROW_RATE / 2)


def _mel(hertz: float) -> float:
    return hertz / LINEAR_HZ if hertz < KNEE_HZ else KNEE + math.log(hertz / KNEE_HZ) / LOGARITHM


def _hertz(mels: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.where(mels < KNEE, LINEAR_HZ * mels, KNEE_HZ * np.exp(LOGARITHM * (mels - KNEE)))
