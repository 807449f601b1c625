"""The layers of the speaker encoder, each of which hears all that came before it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import torch
from torch import Tensor
from torch.nn import functional

from worker.engines.chatterbox.arithmetic.precision import REFERENCE
from worker.engines.chatterbox.arithmetic.projection import Projection, projection
from worker.engines.chatterbox.hearing.folding import Scale, folded
from worker.engines.chatterbox.tensors import Tensors

GROWTH = 32
"""Channels that each layer adds."""
NARROWED = 128
"""Of a layer, on its way to those."""
AROUND = 64
"""Numbers that a mask is made of."""
REACH = 3
"""Frames that a layer's convolution takes."""
STRETCH = 100
"""Frames whose mean a mask goes by, beside the mean of all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Layer:
    """A convolution, and a mask of its channels that depends on what goes on around."""

    before: Scale
    narrow: Projection
    local: Projection
    """Of three frames, side by side."""
    dilation: int
    around: tuple[Tensor, Tensor]
    mask: tuple[Tensor, Tensor]

    @classmethod
    def of(cls, tensors: Tensors, channels: int, dilation: int) -> Self:
        """The one that is given `channels`."""
        masked = tensors.under("cam_layer.")
        narrow, bias = folded(tensors, "linear1", (NARROWED, channels, 1), "nonlinear2.batchnorm")
        local = masked.take("linear_local.weight", GROWTH, NARROWED, REACH)
        return cls(
            before=Scale.of(tensors, "nonlinear1.batchnorm", channels),
            narrow=projection(narrow[:, :, 0].t(), bias, REFERENCE),
            local=projection(local.permute(2, 1, 0).reshape(-1, GROWTH), None, REFERENCE),
            dilation=dilation,
            around=_linear(masked, "linear1", NARROWED, AROUND),
            mask=_linear(masked, "linear2", AROUND, GROWTH),
        )

    def __call__(self, known: Tensor) -> Tensor:
        """`[n, 32]` of `[n, channels]`."""
        hidden = self.narrow(self.before.relu(known)).relu_()
        padded = functional.pad(hidden, (0, 0, self.dilation, self.dilation))
        frames = [padded[tap * self.dilation :][: len(hidden)] for tap in range(REACH)]
        return self.local(torch.cat(frames, 1)) * self._mask(hidden)

    def _mask(self, hidden: Tensor) -> Tensor:
        """`[n, 32]`; it is one for all frames of a stretch, and made once for them."""
        stretches = torch.stack([part.mean(0) for part in torch.split(hidden, STRETCH)])
        around = functional.linear(hidden.mean(0) + stretches, *self.around).relu_()
        mask = torch.sigmoid(functional.linear(around, *self.mask))
        return mask.repeat_interleave(STRETCH, 0)[: len(hidden)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Layers one after another, and what halves their channels."""

    layers: Sequence[Layer]
    before: Scale
    halve: Projection

    @classmethod
    def of(cls, body: Tensors, number: int, channels: int, layers: int, dilation: int) -> Self:
        """The group of this number, which is given `channels`."""
        last = channels + layers * GROWTH
        halve = body.take(f"transit{number}.linear.weight", last // 2, last, 1)
        return cls(
            layers=[
                Layer.of(body.under(f"block{number}.tdnnd{index + 1}."), channels + index * GROWTH, dilation)
                for index in range(layers)
            ],
            before=Scale.of(body, f"transit{number}.nonlinear.batchnorm", last),
            halve=projection(halve[:, :, 0].t(), None, REFERENCE),
        )

    def __call__(self, given: Tensor) -> Tensor:
        """Of `[n, channels]`."""
        count, known = given.shape
        whole = given.new_empty(count, known + len(self.layers) * GROWTH)
        whole[:, :known] = given
        for layer in self.layers:
            whole[:, known : known + GROWTH] = layer(whole[:, :known])
            known += GROWTH
        return self.halve(self.before.relu(whole))


def _linear(tensors: Tensors, name: str, inputs: int, outputs: int) -> tuple[Tensor, Tensor]:
    return tensors.take(f"{name}.weight", outputs, inputs, 1)[:, :, 0], tensors.take(f"{name}.bias", outputs)
