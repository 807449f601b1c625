"""Spectra of very short windows: of an excitation, and from those that the network makes back to samples.

Sixteen samples each, one every four samples, under a Hann window: products with small matrices, in single precision.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from worker.engines.chatterbox.vocoder.convolution import Convolution
from worker.engines.chatterbox.vocoder.course import Course
from worker.engines.chatterbox.vocoder.weights import Filter

WINDOW, HOP = 16, 4
BINS = WINDOW // 2 + 1
OVERLAP = 1.5
"""What the squares of the windows over a sample add up to, but at the ends of an utterance."""
LOUDEST = 1e2
"""Of a magnitude."""
LIMIT = 0.99
"""Of a sample, to each side of 0."""


class Analysis:
    """The spectra of one utterance's excitation, mirrored at its ends."""

    def __init__(self, device: torch.device) -> None:
        self._matrix = _analysis().to(device)
        self._held: Tensor | None = None

    def push(self, samples: Tensor, *, last: bool) -> Tensor:
        """Those that `samples` `[n]` complete: real parts, then imaginary ones, float32 `[m, 18]`."""
        half = WINDOW // 2
        if not len(samples) and not last:
            return samples.new_empty(0, 2 * BINS)
        before = samples[1 : half + 1].flip(0) if self._held is None else self._held
        joined = torch.cat([before, samples])
        if last:
            joined = torch.cat([joined, joined[-half - 1 : -1].flip(0)])
        windows = joined.unfold(0, WINDOW, HOP)
        self._held = joined[HOP * len(windows) :].clone()
        return windows @ self._matrix


class Synthesis:
    """From spectra to samples."""

    def __init__(self, device: torch.device) -> None:
        weight = (_synthesis() / OVERLAP).to(device)
        self.convolution = Convolution.exact(Filter(weight=weight, bias=torch.zeros(HOP, device=device)), torch.float32)
        squares = torch.hann_window(WINDOW, dtype=torch.float64).square().view(-1, HOP)
        first, last = squares[:-1].sum(0), squares[1:].sum(0)
        self.first, self.last = ((OVERLAP / part).float().to(device) for part in (first, last))
        """What the first and the last four samples are short of, over which a window is missing."""

    def start(self) -> SynthesisCourse:
        """For one utterance."""
        return SynthesisCourse(self)


class SynthesisCourse:
    """The samples of one utterance."""

    def __init__(self, synthesis: Synthesis) -> None:
        self._synthesis = synthesis
        self._course = Course(synthesis.convolution)
        self._begun = False

    def push(self, spoken: Tensor, *, last: bool) -> Tensor:
        """What `spoken` completes, logarithms of magnitudes and what phases are sines of, `[n, 18]`: `[m]`."""
        magnitude = spoken[:, :BINS].exp().clamp_(max=LOUDEST)
        phase = spoken[:, BINS:].sin()
        parts = torch.cat([magnitude * phase.cos(), phase.sin_().mul_(magnitude)], dim=1)
        samples = self._course.push(parts, last=last)
        if len(samples) and not self._begun:
            self._begun = True
            samples[0] *= self._synthesis.first
        if last:
            samples[-1] *= self._synthesis.last
        return samples.clamp_(-LIMIT, LIMIT).view(-1)


def _angles() -> Tensor:
    """Of each sample of a window in each bin: `[16, 9]`."""
    return 2 * math.pi / WINDOW * torch.outer(torch.arange(WINDOW), torch.arange(BINS)).double()


def _analysis() -> Tensor:
    """From sixteen samples to the parts of their spectrum: `[16, 18]`."""
    window = torch.hann_window(WINDOW, dtype=torch.float64)[:, None]
    return torch.cat([window * _angles().cos(), -window * _angles().sin()], dim=1).float()


def _synthesis() -> Tensor:
    """From the parts of four spectra to the four samples that they share: `[4, 18, 4]`."""
    window = torch.hann_window(WINDOW, dtype=torch.float64)[:, None]
    both = torch.full((BINS,), 2.0 / WINDOW, dtype=torch.float64)
    both[0] = both[-1] = 1.0 / WINDOW
    to_samples = torch.cat([window * both * _angles().cos(), -window * both * _angles().sin()], dim=1)
    quarters = to_samples.view(-1, HOP, 2 * BINS)
    return quarters.flip(0).permute(1, 2, 0).contiguous().float()
