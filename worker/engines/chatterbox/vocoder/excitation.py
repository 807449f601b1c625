"""The excitation: what vocal cords do at a pitch, as `SourceModuleHnNSF` of chatterbox-tts has it.

Upstream adds up the turns of every sample in single precision, which loses the phase of a long utterance. Here those of
whole frames are added up, in double precision and without the complete ones; within a frame the pitch is constant.
"""

from __future__ import annotations

import math
from typing import Protocol

import torch
from torch import Tensor

from worker.engines.chatterbox.tensors import Tensors

SAMPLE_RATE = 24_000
FRAME = 480
"""Samples of a mel frame."""
MULTIPLES = 9
"""Sines: at the pitch and at its next multiples."""
LOUDNESS = 0.1
"""Of each sine."""
VOICED_BREATH, UNVOICED_BREATH = 0.003, LOUDNESS / 3
"""Deviation of the noise, where there is a voice and where there is none."""
LEAST_PITCH = 10.0
"""Hertz; below, there is no voice."""


class Breath(Protocol):
    """What is random in a waveform."""

    def phases(self, count: int) -> Tensor:
        """Float32 `[count]`, in −π…π, on the device; the first is not read: it is 0."""

    def normal(self, rows: int, start: int, stop: int) -> Tensor:
        """Float32 `[rows, stop − start]`, of mean 0 and deviation 1, of the utterance's samples `start` to `stop`."""


class Excitation:
    """How sines and noise are mixed; it keeps nothing of an utterance."""

    def __init__(self, tensors: Tensors) -> None:
        """`tensors` are those under `m_source.`."""
        self.weight = tensors.take("l_linear.weight", 1, MULTIPLES)
        self.bias = tensors.take("l_linear.bias", 1)
        device = self.weight.device
        self.multiples = torch.arange(1, MULTIPLES + 1, device=device, dtype=torch.float32)[:, None]
        self.elapsed = torch.arange(1, FRAME + 1, device=device, dtype=torch.float64) / SAMPLE_RATE
        """Seconds from a frame's start to each of its samples, which upstream counts from 1."""

    def start(self, breath: Breath) -> ExcitationCourse:
        """For one utterance."""
        return ExcitationCourse(self, breath)


class ExcitationCourse:
    """The excitation of one utterance: it knows where its first sine stands."""

    def __init__(self, excitation: Excitation, breath: Breath) -> None:
        self._excitation = excitation
        self._breath = breath
        self._phases: Tensor | None = None
        self._turns: Tensor | None = None
        self._sample = 0

    def push(self, pitch: Tensor) -> Tensor:
        """Of the next frames, of `pitch` float64 `[m]` in hertz: float32 `[480 · m]`."""
        if not len(pitch):
            return pitch.float()
        of = self._excitation
        sines = of.weight @ self._sines(pitch)
        stop = self._sample + FRAME * len(pitch)
        noise = of.weight @ self._breath.normal(MULTIPLES, self._sample, stop)
        self._sample = stop
        voiced = pitch > LEAST_PITCH
        sines.view(-1, FRAME).mul_(torch.where(voiced, LOUDNESS, 0.0)[:, None])
        breath = torch.where(voiced, VOICED_BREATH, UNVOICED_BREATH)[:, None]
        return sines.view(-1, FRAME).addcmul_(noise.view(-1, FRAME), breath).add_(of.bias).tanh_().view(-1)

    def _sines(self, pitch: Tensor) -> Tensor:
        """Float32 `[9, 480 · m]`."""
        of = self._excitation
        if self._phases is None:
            self._phases = self._breath.phases(MULTIPLES)[:, None] * (of.multiples > 1)
        turns = self._first_turns(pitch)
        angles = (2 * math.pi * turns.frac_()).float().view(1, -1)
        return torch.addcmul(self._phases, of.multiples, angles).sin_()

    def _first_turns(self, pitch: Tensor) -> Tensor:
        """How often the first sine has turned at each sample, whole turns of frames before left out: `[m, 480]`."""
        ends = torch.cumsum(pitch * (FRAME / SAMPLE_RATE), 0)
        if self._turns is not None:
            ends += self._turns
        starts = ends - pitch * (FRAME / SAMPLE_RATE)
        self._turns = ends[-1].frac()
        return torch.addcmul(starts[:, None], pitch[:, None], self._excitation.elapsed)
