"""Noise: all that is random in the sound of one utterance."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor

from worker.engines.chatterbox.vocoder.excitation import MULTIPLES, Breath

BANDS = 80
"""Mel bands of a frame."""
BLOCK_FRAMES = 50
BLOCK_SAMPLES = 12_000
"""What is drawn at once, by a generator of its own."""


class Noise(Protocol):
    """What a mel spectrogram is drawn out of, and then what its vocoder breathes."""

    def start(self, recorded: int, spoken: int) -> Tensor:
        """Float32 `[recorded + spoken, 80]` of so many frames of the voice's recording and of the utterance."""

    def breath(self, samples: int | None) -> Breath:
        """Of so many samples, or of as many as there will be."""


class Drawn:
    """As upstream draws it, of a generator that its tokens were drawn from; for whole utterances, in this order."""

    def __init__(self, chance: torch.Generator, device: torch.device, *, meanflow: bool) -> None:
        self._chance = chance
        self._device = device
        self._meanflow = meanflow

    def start(self, recorded: int, spoken: int) -> Tensor:
        """As `Noise` has it; a meanflow member draws the utterance's by itself, and then once more with all."""
        utterance = self._gaussian(BANDS, spoken) if self._meanflow else None
        whole = self._gaussian(BANDS, recorded + spoken)
        if utterance is not None:
            whole[:, recorded:] = utterance
        return whole.t()

    def breath(self, samples: int | None) -> Breath:
        """As `Noise` has it.

        Raises:
            ValueError: nobody knows how many samples there will be.

        """
        if samples is None:
            raise ValueError("upstream's noise is for whole utterances")
        phases = torch.rand(MULTIPLES, generator=self._chance, device=self._chance.device)
        return _Held(
            harmonics=(2 * torch.pi * phases - torch.pi).to(self._device), noise=self._gaussian(MULTIPLES, samples)
        )

    def _gaussian(self, *shape: int) -> Tensor:
        return torch.randn(shape, generator=self._chance, device=self._chance.device).to(self._device)


class Indexed:
    """Drawn by its place in the utterance: the same whether it is rendered whole or piece by piece."""

    def __init__(self, seed: int, device: torch.device) -> None:
        self._seed = seed
        self._device = device

    def start(self, recorded: int, spoken: int) -> Tensor:
        """As `Noise` has it; each part by the frame's place in it."""
        parts = (("recording", recorded), ("utterance", spoken))
        return torch.cat([self._stretch(name, BANDS, 0, count, BLOCK_FRAMES) for name, count in parts], dim=1).t()

    def breath(self, samples: int | None) -> Breath:  # noqa: ARG002 - it goes on for ever
        """As `Noise` has it."""
        return self

    def phases(self, count: int) -> Tensor:
        """As `Breath` has it."""
        drawn = torch.rand(count, generator=self._generator("phases", 0), device=self._device)
        return 2 * torch.pi * drawn - torch.pi

    def normal(self, rows: int, start: int, stop: int) -> Tensor:
        """As `Breath` has it."""
        return self._stretch("breath", rows, start, stop, BLOCK_SAMPLES)

    def _stretch(self, name: str, rows: int, start: int, stop: int, block: int) -> Tensor:
        if start == stop:
            return torch.empty(rows, 0, device=self._device)
        first = start // block
        drawn = [
            torch.randn(rows, block, generator=self._generator(name, number), device=self._device)
            for number in range(first, -(-stop // block))
        ]
        return torch.cat(drawn, dim=1)[:, start - first * block : stop - first * block]

    def _generator(self, name: str, number: int) -> torch.Generator:
        digest = hashlib.blake2b(f"{self._seed}/{name} {number}".encode(), digest_size=7).digest()
        return torch.Generator(self._device).manual_seed(int.from_bytes(digest))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Held:
    """All of it."""

    harmonics: Tensor
    noise: Tensor

    def phases(self, count: int) -> Tensor:
        return self.harmonics[:count]

    def normal(self, rows: int, start: int, stop: int) -> Tensor:
        return self.noise[:rows, start:stop]
