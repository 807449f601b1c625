"""The projections: what takes a token's time, a product with each matrix in turn, kept as a device reads it fastest.

At a few rows a product costs what reading its matrix costs. On a processor the library's own layout is read at the
memory's speed; a matrix as a checkpoint has it is laid out anew in every call of more than one row. One of 8192 by 1024
on one core of an EPYC 9005, milliseconds:

| rows           |    1 |    2 |    8 |   16 |   64 |
|----------------|------|------|------|------|------|
| as it is       | 2.47 | 3.78 | 5.07 | 5.60 | 16.1 |
| packed         | 1.33 | 0.96 | 1.49 | 1.97 | 5.09 |
| packed, bfloat16 | 0.55 | 0.51 | 0.76 | 0.99 | 2.54 |
| eight bits     | 0.31 | 0.32 | 0.43 | 0.58 | 1.51 |

No layout but the packed one was best at any of these, so nothing is measured when a model is loaded.

Attention tells similar positions apart and so magnifies what it is given wrong: with random weights all of Nano in
eight bits is 13 % off in its logits (root mean square), with attention's matrices in bfloat16 4 %, all in bfloat16 4 %.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Protocol, Self

import torch
from torch import Tensor

from worker.engines.chatterbox.arithmetic.precision import Precision, precision_of

ZERO = 128
"""The eight bits without a sign that stand for 0."""
FULL, HALVED = 127, 63
"""Steps to each side of 0. Without VNNI a processor adds two products in sixteen bits, which more would overflow."""
LEAST = 1e-30
"""Keeps a row of zeros from being divided by its largest number."""


class Projection(Protocol):
    """A matrix, and a bias where it has one."""

    @property
    def weight_bytes(self) -> int:
        """That are read of memory whenever it is used."""

    def __call__(self, given: Tensor) -> Tensor:
        """`given` `[n, in]` projected, in the same type."""

    def onto(self, residual: Tensor, given: Tensor) -> Tensor:
        """`residual` plus `given` projected."""


def projection(weight: Tensor, bias: Tensor | None, precision: Precision) -> Projection:
    """The one of `weight` `[in, out]`, of which nothing is kept beside it.

    A row's result depends on no other row's values; in eight bits its last bit does not either on how many there are.
    """
    if weight.device.type != "cpu" or not torch.backends.mkldnn.is_available():  # type: ignore[no-untyped-call]  # torch does not type it
        kept = between(precision, weight.device)
        return Plain(weight=weight.to(kept), bias=None if bias is None else bias.to(kept))
    return Eight.of(weight, bias) if precision.int8 else Packed.of(weight, bias, precision.weights)


def between(precision: Precision, device: torch.device) -> torch.dtype:
    """The type of what goes from projection to projection: on a processor single precision, whatever they do inside."""
    return torch.float32 if device.type == "cpu" else precision.weights


def attending(precision: Precision) -> Precision:
    """The one of attention's matrices: where the others have eight bits, bfloat16 if the processor computes in that."""
    half = precision_of("balanced", torch.device("cpu")).weights
    if not precision.int8 or half == torch.float32:
        return precision
    return replace(precision, int8=False, weights=half)


@dataclass(frozen=True, slots=True, kw_only=True)
class Plain:
    """As a checkpoint has it: for a GPU, whose library chooses by itself."""

    weight: Tensor
    """`[in, out]`."""
    bias: Tensor | None = None

    @property
    def weight_bytes(self) -> int:
        """That are read of memory whenever it is used."""
        return self.weight.nbytes

    def __call__(self, given: Tensor) -> Tensor:
        """`given` `[n, in]` projected."""
        return given @ self.weight if self.bias is None else torch.addmm(self.bias, given, self.weight)

    def onto(self, residual: Tensor, given: Tensor) -> Tensor:
        """`residual` plus `given` projected, in one kernel where there is no bias."""
        summed = torch.addmm(residual, given, self.weight)
        return summed if self.bias is None else summed.add_(self.bias)


@dataclass(frozen=True, slots=True, kw_only=True)
class Packed:
    """In the layout of oneDNN, in single precision or bfloat16; sums are of single precision in both."""

    weight: Tensor
    """Opaque: only oneDNN's operations read it."""
    bias: Tensor | None
    computed: torch.dtype

    @classmethod
    def of(cls, weight: Tensor, bias: Tensor | None, computed: torch.dtype) -> Self:
        """Of `weight` `[in, out]`."""
        packed = torch.ops.mkldnn._reorder_linear_weight(weight.t().to(computed).contiguous())  # noqa: SLF001 - torch has no other door
        return cls(weight=packed, bias=None if bias is None else bias.to(computed), computed=computed)

    @property
    def weight_bytes(self) -> int:
        """That are read of memory whenever it is used."""
        return int(torch.ops.mkldnn._nbytes(self.weight))  # noqa: SLF001 - torch has no other door

    def __call__(self, given: Tensor) -> Tensor:
        """`given` `[n, in]` projected."""
        if given.dtype == self.computed:
            return self._multiplied(given)
        return self._multiplied(given.to(self.computed)).to(given.dtype)

    def onto(self, residual: Tensor, given: Tensor) -> Tensor:
        """`residual` plus `given` projected; the sum is of the residual's precision."""
        if given.dtype == self.computed:
            summed: Tensor = torch.ops.mkldnn._linear_pointwise.binary(given, residual, self.weight, self.bias, "add")  # noqa: SLF001 - torch has no other door
            return summed
        return self._multiplied(given.to(self.computed)).to(residual.dtype).add_(residual)

    def _multiplied(self, given: Tensor) -> Tensor:
        made: Tensor = torch.ops.mkldnn._linear_pointwise(given, self.weight, self.bias, "none", [], "")  # noqa: SLF001 - torch has no other door
        return made


@dataclass(frozen=True, slots=True, kw_only=True)
class Eight:
    """In eight bits: a scale for each output, and for each row of what is given as it comes."""

    weight: Tensor
    """Opaque: only oneDNN's operations read it."""
    bias: Tensor | None
    scales: Tensor
    """What a step of each output's weights is worth: float32 `[out]`."""
    zeros: Tensor
    """Of those steps: int32 `[out]`, all 0."""
    steps: int

    @classmethod
    def of(cls, weight: Tensor, bias: Tensor | None) -> Self:
        """Of `weight` `[in, out]`."""
        scales = weight.abs().amax(0).clamp_(min=LEAST) / FULL
        narrow = (weight / scales).round_().to(torch.int8).t().contiguous()
        return cls(
            weight=torch.ops.onednn.qlinear_prepack(narrow, None),
            bias=bias,
            scales=scales,
            zeros=torch.zeros_like(scales, dtype=torch.int32),
            steps=FULL if torch.cpu._is_vnni_supported() else HALVED,  # noqa: SLF001 - torch has no other way to ask
        )

    @property
    def weight_bytes(self) -> int:
        """That are read of memory whenever it is used."""
        return int(torch.ops.mkldnn._nbytes(self.weight)) + self.scales.nbytes + self.zeros.nbytes  # noqa: SLF001 - torch has no other door

    def __call__(self, given: Tensor) -> Tensor:
        """`given` `[n, in]` projected."""
        largest = _largest(given)
        made = self._multiplied(given, largest)
        return made.mul_(largest) if self.bias is None else torch.addcmul(self.bias, made, largest)

    def onto(self, residual: Tensor, given: Tensor) -> Tensor:
        """`residual` plus `given` projected."""
        largest = _largest(given)
        summed = torch.addcmul(residual, self._multiplied(given, largest), largest)
        return summed if self.bias is None else summed.add_(self.bias)

    def _multiplied(self, given: Tensor, largest: Tensor) -> Tensor:
        """Of rows brought to a largest number of 1."""
        half_up = torch.full_like(largest, ZERO + 0.5)
        narrow = torch.addcdiv(half_up, given, largest, value=self.steps).to(torch.uint8)
        made: Tensor = torch.ops.onednn.qlinear_pointwise(
            narrow,
            1 / self.steps,
            ZERO,
            self.weight,
            self.scales,
            self.zeros,
            None,
            1.0,
            0,
            torch.float32,
            "none",
            [],
            "",
        )
        return made


def _largest(given: Tensor) -> Tensor:
    """Of each row, whatever its sign: `[n, 1]`."""
    largest: Tensor = torch.linalg.vector_norm(given, ord=torch.inf, dim=-1, keepdim=True)
    return largest.clamp_(min=LEAST)
