"""Filters: the weights of convolutions, as a checkpoint has them and as they are computed with."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Self

import torch
from torch import Tensor
from torch.nn import functional

from worker.engines.chatterbox.tensors import Tensors

DIRECTION, LENGTH = "parametrizations.weight.original1", "parametrizations.weight.original0"
"""Of a weight that is kept in two parts (`torch.nn.utils.parametrizations.weight_norm`)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """A convolution's weights."""

    weight: Tensor
    """Float32 `[out, in, taps]`."""
    bias: Tensor
    """Float32 `[out]`."""

    @classmethod
    def taken(cls, tensors: Tensors, stem: str, *shape: int) -> Self:
        """The one that lies under `stem` with a weight of `shape`, its two parts made one where it has two."""
        return cls(weight=_weight(tensors, stem, *shape), bias=tensors.take(f"{stem}.bias", shape[0]))

    @classmethod
    def widening(cls, tensors: Tensors, stem: str, *shape: int, rate: int) -> Self:
        """One that makes `rate` rows of each, as the three taps of one that makes a row `rate` times as wide.

        `shape` is upstream's, `[in, out, taps]`, with taps between one and two rates. A row that it makes, the
        `place`-th of its `rate`, hears the rows before, at and behind its own, each through a tap of its own if any.
        """
        weight = _weight(tensors, stem, *shape)
        inputs, outputs, taps = shape
        padding = (taps - rate) // 2
        wide = weight.new_zeros(rate, outputs, inputs, 3)
        for place in range(rate):
            for at, tap in enumerate((place + padding + rate, place + padding, place + padding - rate)):
                if 0 <= tap < taps:
                    wide[place, :, :, at] = weight[:, :, tap].t()
        bias = tensors.take(f"{stem}.bias", outputs)
        return cls(weight=wide.view(rate * outputs, inputs, 3), bias=bias.repeat(rate))

    def hearing(self, scale: Tensor | float) -> Self:
        """Of what was divided by `scale`, of one input or of each."""
        return replace(self, weight=self.weight * (scale[:, None] if isinstance(scale, Tensor) else scale))

    def saying(self, scale: Tensor) -> Self:
        """With each output multiplied by its `scale`."""
        return replace(self, weight=self.weight * scale[:, None, None], bias=self.bias * scale)


def _weight(tensors: Tensors, stem: str, *shape: int) -> Tensor:
    if f"{stem}.weight" in tensors:
        return tensors.take(f"{stem}.weight", *shape)
    direction = tensors.take(f"{stem}.{DIRECTION}", *shape)
    length = tensors.take(f"{stem}.{LENGTH}", shape[0], 1, 1)
    return length * functional.normalize(direction.flatten(1), dim=1, eps=torch.finfo().tiny).view(shape)
