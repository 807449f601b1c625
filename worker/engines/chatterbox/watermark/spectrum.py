"""Audio as overlapping frames, each split into bands, and frames put together again."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Self

import torch
from torch import Tensor
from torch.nn import functional

from worker.engines.chatterbox.watermark.network import BANDS

HOPS_PER_SEC = 100
PERTH_RATE = 32_000
PERTH_WINDOW = 2048
"""Perth analyses 64 ms at 32 kHz. At any rate 64 ms have the same bands, with magnitudes in proportion to the rate."""
FITTING_RATES = 500
"""Hertz, and multiples of it."""
LEAST_RATE = 4_000
"""Hertz: the bands reach half of it."""
LEAST_MAGNITUDE = 1e-9
LEAST_DB = -180.0
SPAN_DB = 195.0
"""Levels of 0…1 are magnitudes of −180…15 dB (upstream's `stft_magnitude_min` and `headroom_db`)."""
NEPERS = SPAN_DB * math.log(10) / 20
"""A level of 1, as the natural logarithm of a magnitude."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Spectrum:
    """How audio of one rate is analysed."""

    window: Tensor
    """Hann's, `[samples]`: what a frame takes of the audio around its middle."""
    hop: int
    """Samples from frame to frame."""
    scale: float
    """From magnitudes here to Perth's."""
    covered: Tensor
    """`[1 + overlap, hop]`: the squared windows over a hop, summed, by how many frames before its own reach over it."""

    @staticmethod
    def fits(sample_rate: int) -> bool:
        """Whether 10 ms and half of 64 ms are whole numbers of samples at so many hertz, and all bands are there."""
        return sample_rate % FITTING_RATES == 0 and sample_rate >= LEAST_RATE

    @classmethod
    def at(cls, sample_rate: int, device: torch.device) -> Self:
        """At a rate that fits, in hertz."""
        hop, size = sample_rate // HOPS_PER_SEC, sample_rate * PERTH_WINDOW // PERTH_RATE
        window = torch.hann_window(size)
        covered = functional.pad(window.square(), (0, -size % hop)).view(-1, hop).cumsum(0)
        return cls(window=window.to(device), hop=hop, scale=PERTH_RATE / sample_rate, covered=covered.to(device))

    @property
    def half(self) -> int:
        """Samples to each side of a frame's middle."""
        return len(self.window) // 2

    @property
    def overlap(self) -> int:
        """Hops after its own that a frame reaches over."""
        return len(self.covered) - 1

    def analysed(self, samples: Tensor) -> Tensor:
        """The bands of all frames that lie wholly in `samples` `[n]`: complex `[frames, bands]`."""
        if len(samples) < len(self.window):
            return self.no_frames
        frames = samples.unfold(0, len(self.window), self.hop) * self.window
        bands: Tensor = torch.fft.rfft(frames)[:, :BANDS]
        return bands

    @property
    def no_frames(self) -> Tensor:
        """Complex `[0, bands]`."""
        return torch.empty(0, BANDS, dtype=torch.complex64, device=self.window.device)

    def levels(self, bands: Tensor) -> Tensor:
        """How loud each is, as the network takes it: `[frames, bands]`."""
        decibels: Tensor = bands.abs().mul_(self.scale).clamp_(min=LEAST_MAGNITUDE).log10_().mul_(20)
        return decibels.sub_(LEAST_DB).div_(SPAN_DB)

    def joined(self, bands: Tensor) -> Tensor:
        """The sound of frames laid over each other, not yet divided by what covers it: `[frames + overlap, hop]`."""
        sounds = torch.fft.irfft(bands, n=len(self.window)).mul_(self.window)
        hops = functional.pad(sounds, (0, -len(self.window) % self.hop)).view(len(bands), -1, self.hop)
        joined = hops.new_zeros(len(bands) + self.overlap, self.hop)
        for after in range(1 + self.overlap):
            joined[after : after + len(bands)] += hops[:, after]
        return joined
