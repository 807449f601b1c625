"""The head of the speaker encoder: convolutions over bands and frames, channels last, which a processor prefers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import torch
from torch import Tensor
from torch.nn import functional

from worker.engines.chatterbox.hearing.fbank import BANDS
from worker.engines.chatterbox.hearing.folding import folded
from worker.engines.chatterbox.tensors import Tensors

CHANNELS = 32
HEIGHT = BANDS // 8
"""Of what comes out: the bands are halved three times."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Convolution:
    """One with its norm."""

    weight: Tensor
    """`[32, in, bands, frames]`."""
    bias: Tensor

    @classmethod
    def of(cls, tensors: Tensors, name: str, norm: str, *, inputs: int = CHANNELS, size: int = 3) -> Self:
        """Of `size` bands and frames."""
        weight, bias = folded(tensors, name, (CHANNELS, inputs, size, size), norm)
        return cls(weight=weight.contiguous(memory_format=torch.channels_last), bias=bias)

    def __call__(self, given: Tensor, stride: int = 1) -> Tensor:
        """Of `given` `[1, in, bands, n]`; `stride` bands become one."""
        padding = self.weight.shape[-1] // 2
        return functional.conv2d(given, self.weight, self.bias, stride=(stride, 1), padding=padding)


@dataclass(frozen=True, slots=True, kw_only=True)
class Residual:
    """Two convolutions, and what they are given beside them."""

    first: Convolution
    second: Convolution
    beside: Convolution | None
    """Where the first one halves the bands."""

    @classmethod
    def of(cls, tensors: Tensors, *, halves: bool) -> Self:
        """One that halves the bands, or keeps them."""
        return cls(
            first=Convolution.of(tensors, "conv1", "bn1"),
            second=Convolution.of(tensors, "conv2", "bn2"),
            beside=Convolution.of(tensors, "shortcut.0", "shortcut.1", size=1) if halves else None,
        )

    def __call__(self, given: Tensor) -> Tensor:
        """Of `[1, 32, bands, n]`."""
        stride = 2 if self.beside else 1
        made = self.second(self.first(given, stride).relu_())
        made += given if self.beside is None else self.beside(given, stride)
        return made.relu_()


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """All of it."""

    first: Convolution
    residuals: Sequence[Residual]
    last: Convolution

    @classmethod
    def of(cls, tensors: Tensors) -> Self:
        """Of the tensors under `speaker_encoder.head.`.

        Raises:
            EngineUnavailable: the file is of another model.

        """
        return cls(
            first=Convolution.of(tensors, "conv1", "bn1", inputs=1),
            residuals=[
                Residual.of(tensors.under(f"layer{layer}.{index}."), halves=index == 0)
                for layer in (1, 2)
                for index in (0, 1)
            ],
            last=Convolution.of(tensors, "conv2", "bn2"),
        )

    def __call__(self, bank: Tensor) -> Tensor:
        """`[n, 320]` of `bank` `[n, 80]`: of each frame, channel by channel, its bands."""
        hidden = bank.t()[None, None].contiguous(memory_format=torch.channels_last)
        hidden = self.first(hidden).relu_()
        for residual in self.residuals:
            hidden = residual(hidden)
        return self.last(hidden, 2).relu_()[0].permute(2, 0, 1).flatten(1)
