"""Batch norms that are no layers any more: what they do is in the numbers of a convolution, or a scale and a shift."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import torch
from torch import Tensor

from worker.engines.chatterbox.tensors import Tensors

EPSILON = 1e-5


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    """A norm by itself."""

    scale: Tensor
    """`[channels]`."""
    shift: Tensor

    @classmethod
    def of(cls, tensors: Tensors, name: str, channels: int, *, affine: bool = True) -> Self:
        """Of the norm of this name; how often it was trained is not read.

        Raises:
            EngineUnavailable: the file is of another model.

        """
        mean, variance = (tensors.take(f"{name}.running_{part}", channels).double() for part in ("mean", "var"))
        tensors.take(f"{name}.num_batches_tracked")
        scale = torch.rsqrt(variance + EPSILON)
        if affine:
            scale *= tensors.take(f"{name}.weight", channels)
        shift = -mean * scale
        if affine:
            shift += tensors.take(f"{name}.bias", channels)
        return cls(scale=scale.float(), shift=shift.float())

    def relu(self, given: Tensor) -> Tensor:
        """What is over 0 of `given` `[n, channels]`, normed."""
        return torch.addcmul(self.shift, given, self.scale).relu_()


def folded(
    tensors: Tensors, name: str, shape: tuple[int, ...], norm: str, *, affine: bool = True
) -> tuple[Tensor, Tensor]:
    """The weight `name` `[out, in, …]` and the bias `[out]` of a convolution and the norm behind it.

    Raises:
        EngineUnavailable: the file is of another model.

    """
    scale = Scale.of(tensors, norm, shape[0], affine=affine)
    weight = tensors.take(f"{name}.weight", *shape)
    return weight * scale.scale.view(-1, *[1] * (len(shape) - 1)), scale.shift
