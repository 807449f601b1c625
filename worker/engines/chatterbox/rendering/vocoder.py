"""The vocoder: a mel spectrogram becomes a waveform, as `HiFTGenerator` of chatterbox-tts has it."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from worker.engines.chatterbox.rendering.noise import gaussian, uniform


class Vocoder:
    """Upstream's vocoder, which draws no noise of its own here; for any number of threads at once."""

    def __init__(self, vocoder: Any) -> None:
        """`vocoder` is upstream's module."""
        self._vocoder = vocoder
        self._merge = vocoder.m_source.l_linear
        self._sines = vocoder.m_source.l_sin_gen

    def waveform(self, mel: Tensor, noise: torch.Generator) -> Tensor:
        """The waveform of `mel`, float32 [1, 80, frames]: float32 [1, 480 · frames]."""
        pitch = self._vocoder.f0_upsamp(self._vocoder.f0_predictor(mel)[:, None])
        waveform: Tensor = self._vocoder.decode(x=mel, s=self._excitation(pitch, noise))
        return waveform

    def _excitation(self, pitch: Tensor, noise: torch.Generator) -> Tensor:
        """What the vocal cords do at `pitch`, float32 [1, 1, samples] in hertz: of the same shape."""
        harmonics = self._harmonics(pitch, noise)
        voiced = (pitch > self._sines.voiced_threshold).float()
        breath = voiced * self._sines.noise_std + (1 - voiced) * self._sines.sine_amp / 3
        heard = harmonics * voiced + breath * gaussian(tuple(harmonics.shape), noise, pitch.device)
        return torch.tanh(self._merge(heard.transpose(1, 2))).transpose(1, 2)

    def _harmonics(self, pitch: Tensor, noise: torch.Generator) -> Tensor:
        """Sines at the multiples of `pitch`, all but the first from random phases: float32 [1, multiples, samples]."""
        multiples = torch.arange(1, self._sines.harmonic_num + 2, device=pitch.device)[:, None]
        turns = torch.cumsum(pitch * multiples / self._sines.sampling_rate, dim=-1) % 1
        phases = 2 * torch.pi * uniform((1, len(multiples), 1), noise, pitch.device) - torch.pi
        phases[:, 0] = 0
        harmonics: Tensor = self._sines.sine_amp * torch.sin(2 * torch.pi * turns + phases)
        return harmonics
