"""The network that says how much louder or quieter each band of each frame is to be, so that a detector can tell."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import torch
from torch import Tensor
from torch.nn import functional

from worker.engines.chatterbox.arithmetic.precision import REFERENCE
from worker.engines.chatterbox.arithmetic.projection import Projection, projection
from worker.engines.chatterbox.tensors import Tensors

BANDS = 128
"""The lowest, of 15.625 Hz each: up to 2 kHz."""
HIDDEN = 256
CONVOLUTIONS = 5
TAPS = 7
CONTEXT = CONVOLUTIONS * (TAPS // 2)
"""Frames to each side that a frame's result depends on."""
SLOPE = 0.01
"""Of what is negative, between the layers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Network:
    """Convolutions over frames, each as one product with a matrix: of the frames around with all taps."""

    inward: Projection
    convolutions: Sequence[Projection]
    outward: Projection

    @classmethod
    def of(cls, weights: Tensors, device: torch.device) -> Self:
        """Of the encoder's tensors.

        Raises:
            EngineUnavailable: they are not what this network has.

        """

        def layer(index: int, entering: int, leaving: int, taps: int) -> Projection:
            part = weights.under(f"layers.{index}.conv.")
            weight = part.take("weight", leaving, entering, taps).permute(2, 1, 0).reshape(taps * entering, leaving)
            return projection(weight.to(device), part.take("bias", leaving).to(device, copy=True), REFERENCE)

        network = cls(
            inward=layer(0, BANDS, HIDDEN, 1),
            convolutions=[layer(1 + index, HIDDEN, HIDDEN, TAPS) for index in range(CONVOLUTIONS)],
            outward=layer(1 + CONVOLUTIONS, HIDDEN, BANDS, 1),
        )
        weights.finish()
        return network

    def __call__(self, levels: Tensor) -> Tensor:
        """What is to be added to `levels` `[frames, bands]`; before the first and after the last frame is nothing."""
        hidden = functional.leaky_relu_(self.inward(levels), SLOPE)
        for convolution in self.convolutions:
            hidden = functional.leaky_relu_(convolution(_surroundings(hidden)), SLOPE)
        return self.outward(hidden)


def _surroundings(hidden: Tensor) -> Tensor:
    """Each frame between its neighbours: `[frames, width]` to `[frames, taps x width]`."""
    frames, width = hidden.shape
    padded = functional.pad(hidden, (0, 0, TAPS // 2, TAPS // 2))
    return padded.as_strided((frames, TAPS * width), (width, 1)).contiguous()
