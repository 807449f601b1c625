"""The analysis of audio that comes piece by piece; where it starts and ends it is mirrored, so that frames fit."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from worker.engines.chatterbox.watermark.spectrum import Spectrum

FEWEST_HOPS = 4
"""Shorter audio is made as long with silence: there must be more than half a window to be mirrored."""


class Analysis:
    """Gives each frame's bands as soon as all of its samples are there."""

    def __init__(self, spectrum: Spectrum) -> None:
        self.taken = 0
        """Samples."""
        self._spectrum = spectrum
        self._waiting = torch.zeros(0, device=spectrum.window.device)
        """From where the next frame begins."""
        self._opened = False

    def push(self, samples: Tensor, *, last: bool) -> Tensor:
        """The bands of the frames that `samples` `[n]` complete, complex `[frames, bands]`; with the last, of all."""
        spectrum = self._spectrum
        self.taken += len(samples)
        self._waiting = torch.cat([self._waiting, samples])
        if last:
            hops = max(FEWEST_HOPS, -(-self.taken // spectrum.hop))
            self._waiting = functional.pad(self._waiting, (0, hops * spectrum.hop - self.taken))
        if not self._opened and len(self._waiting) > spectrum.half:
            self._waiting = _mirrored(self._waiting, before=spectrum.half)
            self._opened = True
        if last:
            self._waiting = _mirrored(self._waiting, after=spectrum.half)
        if not self._opened:
            return spectrum.no_frames
        bands = spectrum.analysed(self._waiting)
        self._waiting = self._waiting[len(bands) * spectrum.hop :]
        return bands


def _mirrored(samples: Tensor, *, before: int = 0, after: int = 0) -> Tensor:
    """With so many samples mirrored at its first, and at its last."""
    return functional.pad(samples[None], (before, after), mode="reflect")[0]
