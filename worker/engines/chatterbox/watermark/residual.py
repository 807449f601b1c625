"""The residual: what the watermark adds to audio, which comes piece by piece."""

from __future__ import annotations

from typing import Protocol

import numpy as np
import soxr
import torch

from worker.audio.clip import Samples
from worker.audio.resample import QUALITY
from worker.engines.chatterbox.watermark.analysis import Analysis
from worker.engines.chatterbox.watermark.joining import Joining
from worker.engines.chatterbox.watermark.network import CONTEXT, Network
from worker.engines.chatterbox.watermark.spectrum import NEPERS, Spectrum

LOW_RATE = 8_000
"""Hertz: twice over what the bands need."""


class Residual(Protocol):
    """Of one clip."""

    def push(self, samples: Samples, *, last: bool) -> Samples:
        """The next of the residual, as far as it is known; with the last samples, up to exactly their end."""


class DirectResidual:
    """At a rate that frames fit.

    Perth leaves frames out that are 20 times less loud, in decibels over −180 summed over all bands, than the loudest.
    That is silence to the last bit, to which a factor adds nothing; so there is no looking for the loudest here, and
    what comes piece by piece is marked as the whole is.
    """

    def __init__(self, network: Network, spectrum: Spectrum, *, lookahead: int) -> None:
        """A frame is marked when `lookahead` frames after it are there."""
        self._network, self._spectrum, self._lookahead = network, spectrum, lookahead
        self._analysis, self._joining = Analysis(spectrum), Joining(spectrum)
        self._bands = spectrum.no_frames
        """Of the frames to be marked, after those before them that count for them."""
        self._before = 0
        """How many of these there are."""
        self._given = 0
        """Samples."""

    def push(self, samples: Samples, *, last: bool) -> Samples:
        """The next of the residual."""
        given = torch.from_numpy(samples.copy()).to(self._bands.device)
        self._bands = torch.cat([self._bands, self._analysis.push(given, last=last)])
        ready = len(self._bands) - (0 if last else self._lookahead)
        if ready <= self._before:
            return np.zeros(0, dtype=np.float32)
        changes = self._network(self._spectrum.levels(self._bands))[self._before : ready]
        changed = self._bands[self._before : ready] * changes.mul_(NEPERS).expm1_()
        self._before = min(ready, CONTEXT)
        self._bands = self._bands[ready - self._before :]
        sound = self._joining.push(changed, last=last)[: self._analysis.taken - self._given]
        self._given += len(sound)
        marked: Samples = sound.cpu().numpy()
        return marked


class ResampledResidual:
    """At any other rate: found at a low one, and brought up again, while the audio itself stays as it is."""

    def __init__(self, low: Residual, sample_rate: int) -> None:
        """`low` is the one at the low rate."""
        self._down = soxr.ResampleStream(sample_rate, LOW_RATE, 1, dtype="float32", quality=QUALITY)
        self._low = low
        self._up = soxr.ResampleStream(LOW_RATE, sample_rate, 1, dtype="float32", quality=QUALITY)
        self._missing = 0
        """Samples that came in and have not gone out."""

    def push(self, samples: Samples, *, last: bool) -> Samples:
        """The next of the residual."""
        self._missing += len(samples)
        low = self._low.push(self._down.resample_chunk(samples, last=last), last=last)
        given: Samples = self._up.resample_chunk(low, last=last)[: self._missing]
        self._missing -= len(given)
        return np.pad(given, (0, self._missing)) if last else given
