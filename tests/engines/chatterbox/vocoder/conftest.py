"""Upstream's vocoder with random weights, and ours of the same."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest
import torch
from chatterbox.models.s3gen.f0_predictor import ConvRNNF0Predictor
from chatterbox.models.s3gen.hifigan import HiFTGenerator
from torch import Tensor

from builder.random_checkpoint import SPEECH
from worker.engines.chatterbox.arithmetic.precision import REFERENCE, Precision
from worker.engines.chatterbox.tensors import Tensors
from worker.engines.chatterbox.vocoder.excitation import FRAME, MULTIPLES
from worker.engines.chatterbox.vocoder.vocoder import Vocoder

STEM = "mel2wav."


class Drawn:
    """What upstream draws for an utterance of `frames` frames after `torch.manual_seed(seed)`."""

    def __init__(self, frames: int, seed: int = 5) -> None:
        chance = torch.Generator().manual_seed(seed)
        self.turns = 2 * torch.pi * torch.rand(MULTIPLES, generator=chance) - torch.pi
        self.noise = torch.randn(1, MULTIPLES, FRAME * frames, generator=chance)[0]

    def phases(self, count: int) -> Tensor:
        return self.turns[:count].clone()

    def normal(self, rows: int, start: int, stop: int) -> Tensor:
        return self.noise[:rows, start:stop]


@dataclass(frozen=True, kw_only=True)
class Checkpoint:
    """One set of weights, and upstream's module of them."""

    module: HiFTGenerator
    weights: dict[str, Tensor]

    def vocoder(self, precision: Precision = REFERENCE, **changed: Tensor) -> Vocoder:
        """Ours, of weights of which some may be changed."""
        found = {STEM + name: tensor for name, tensor in {**self.weights, **changed}.items()}
        tensors = Tensors(found, "s3gen.safetensors").under(STEM)
        vocoder = Vocoder(tensors, precision=precision)
        tensors.finish()
        return vocoder

    def upstream(self, mel: Tensor, seed: int = 5) -> Tensor:
        """Theirs."""
        torch.manual_seed(seed)
        waveform: Tensor = self.module.inference(mel.t()[None])[0][0]
        return waveform


@pytest.fixture(scope="session")
def checkpoint() -> Checkpoint:
    with torch.random.fork_rng([]):
        torch.manual_seed(1)
        module: Any = HiFTGenerator(
            sampling_rate=24_000,
            upsample_rates=[8, 5, 3],
            upsample_kernel_sizes=[16, 11, 7],
            source_resblock_kernel_sizes=[7, 7, 11],
            source_resblock_dilation_sizes=[[1, 3, 5], [1, 3, 5], [1, 3, 5]],
            f0_predictor=ConvRNNF0Predictor(),
        )
        weights = {name: tensor.clone() for name, tensor in module.state_dict().items()}
        for name, (mean, deviation) in SPEECH.items():
            if name.startswith(STEM):
                ours = name.removeprefix(STEM)
                weights[ours] = mean + deviation * torch.randn_like(weights[ours])
        for name, tensor in weights.items():
            if name.endswith("alpha"):
                tensor.uniform_(0.5, 1.5)
    module.load_state_dict(weights)
    return Checkpoint(module=module.eval().requires_grad_(requires_grad=False), weights=weights)


@pytest.fixture(scope="session")
def vocoder(checkpoint: Checkpoint) -> Vocoder:
    return checkpoint.vocoder()


def drawn_mel(frames: int, seed: int = 0) -> Tensor:
    """Frames that change as those of speech do: float32 [frames, 80]."""
    noise = torch.randn(1, 80, frames + 4, generator=torch.Generator().manual_seed(seed))
    return 3 * torch.nn.functional.avg_pool1d(noise, 5, 1)[0].t() - 6
