"""What all of the flow is made of: norms, causal convolutions, and sums."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor
from torch.nn import functional

from worker.engines.chatterbox.arithmetic.projection import Projection, projection
from worker.engines.chatterbox.flow.frames import Frames
from worker.engines.chatterbox.flow.numbers import Numbers
from worker.engines.chatterbox.tensors import Tensors

EPSILON = 1e-5


class Weighty(Protocol):
    """A part of a model."""

    @property
    def weight_bytes(self) -> int:
        """Of its matrices."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Norm:
    """Brings each row to mean 0 and deviation 1, then to where the model wants it."""

    weight: Tensor
    bias: Tensor
    epsilon: float

    def __call__(self, given: Tensor) -> Tensor:
        """`given` `[rows, channels]`, normed."""
        return functional.layer_norm(given, self.weight.shape, self.weight, self.bias, self.epsilon)


def norm(
    tensors: Tensors, name: str, width: int, numbers: Numbers, *, epsilon: float = EPSILON, scale: float = 1
) -> Norm:
    """The norm of that name, its outcome times `scale`."""
    weight, bias = (scale * tensors.take(f"{name}.{part}", width) for part in ("weight", "bias"))
    kept = torch.float32 if weight.device.type == "cpu" else numbers.stream
    return Norm(weight=weight.to(kept), bias=bias.to(kept), epsilon=epsilon)


def linear(
    tensors: Tensors, name: str, inputs: int, outputs: int, numbers: Numbers, *, bias: bool = True
) -> Projection:
    """The projection of that name."""
    weight = tensors.take(f"{name}.weight", outputs, inputs)
    return projection(weight.t(), tensors.take(f"{name}.bias", outputs) if bias else None, numbers.precision)


def unfolded(weight: Tensor) -> Tensor:
    """A convolution's `[outputs, inputs, taps]` as a matrix for `Frames.neighbours`: `[taps · inputs, outputs]`."""
    return weight.permute(2, 1, 0).reshape(-1, weight.shape[0])


@dataclass(frozen=True, slots=True, kw_only=True)
class Convolution:
    """Over each clip on its own, as one projection of all frames with their neighbours."""

    taps: Projection

    @property
    def weight_bytes(self) -> int:
        """Of its matrix."""
        return self.taps.weight_bytes

    def __call__(self, given: Tensor, frames: Frames) -> Tensor:
        """`given` `[rows, inputs]` convolved: `[rows, outputs]`."""
        return self.taps(frames.neighbours(given))


def convolution(tensors: Tensors, name: str, shape: tuple[int, int, int], numbers: Numbers) -> Convolution:
    """That of `shape` outputs, inputs, taps."""
    weight, bias = tensors.take(f"{name}.weight", *shape), tensors.take(f"{name}.bias", shape[0])
    return Convolution(taps=projection(unfolded(weight), bias, numbers.precision))


def onto(residual: Tensor, made_by: Projection, given: Tensor) -> Tensor:
    """`residual` plus `given` projected, of the residual's type."""
    if residual.dtype == given.dtype:
        return made_by.onto(residual, given)
    return residual + made_by(given)
