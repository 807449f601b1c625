"""Frames that come a few at a time become sound again."""

from __future__ import annotations

import torch
from torch import Tensor

from worker.engines.chatterbox.watermark.spectrum import Spectrum


class Joining:
    """Gives sound as far as no later frame reaches over it."""

    def __init__(self, spectrum: Spectrum) -> None:
        self._spectrum = spectrum
        self._frames = 0
        self._reaching = spectrum.window.new_zeros(spectrum.overlap, spectrum.hop)
        """Of the frames so far, over the hops of the next."""
        self._mirrored = spectrum.half
        """Samples still to be left out: what the analysis put before the first."""

    def push(self, bands: Tensor, *, last: bool) -> Tensor:
        """The sound `[n]` that complex `[frames, bands]` complete; with the last, all of it and some beyond its end."""
        joined = self._spectrum.joined(bands)
        joined[: len(self._reaching)] += self._reaching
        self._reaching = joined[len(bands) :]
        complete = joined if last else joined[: len(bands)]
        sound = (complete / self._cover(len(complete), last=last)).flatten()
        self._frames += len(bands)
        left_out = min(self._mirrored, len(sound))
        self._mirrored -= left_out
        return sound[left_out:]

    def _cover(self, hops: int, *, last: bool) -> Tensor:
        """The squared windows over the next `hops`, summed: fewer cover the first ones and, at the end, the last."""
        covered, overlap = self._spectrum.covered, self._spectrum.overlap
        before = torch.arange(self._frames, self._frames + hops, device=covered.device).clamp_(max=overlap)
        cover = covered[before]
        if last:
            cover[-overlap:] -= covered[:-1]
        return cover
