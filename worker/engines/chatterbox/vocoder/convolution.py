"""Convolutions over rows `[time, channels]`: what takes the vocoder's time, and how each is made.

Milliseconds for 64 frames on one core of an EPYC 9005, single precision / bfloat16; `windows` are copied for a product
with a packed matrix:

| channels, taps, dilation    | 256, 3, 1   | 256, 11, 5  | 128, 7, 3   | 64, 3, 1    | 64, 11, 5   |
|-----------------------------|-------------|-------------|-------------|-------------|-------------|
| as upstream has it          | 1.11 / 0.66 | 4.40 / 2.62 | 3.03 / 1.61 | 1.04 / 0.74 | 3.75 / 3.82 |
| packed, channels outermost  | 1.29 / 0.56 | 4.06 / 1.69 | 3.04 / 1.56 | 1.53 / 0.69 | 3.57 / 1.96 |
| channels innermost          | 1.23 / 0.50 | 4.35 / 1.95 | 2.58 / 1.36 | 0.94 / 0.43 | 3.20 / 1.65 |
| windows                     | 0.98 / 0.47 | 4.31 / 1.77 | 3.31 / 1.69 | 1.67 / 0.53 | 5.13 / 2.28 |
| packed, channels innermost  | 0.95 / 0.45 | 3.67 / 1.56 | 2.57 / 1.27 | 0.89 / 0.42 | 3.02 / 1.59 |

The last is the fastest of each, at 210 and 450 billion operations a second: nothing is measured when a model is loaded.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, Self

import torch
from torch import Tensor
from torch.nn import functional

from worker.engines.chatterbox.vocoder.weights import Filter


class Product(Protocol):
    """The sums of products that a convolution is."""

    def __call__(self, rows: Tensor, padding: int, onto: Tensor | None) -> Tensor:
        """Of `rows` `[n, in]` between `padding` rows of zeros at each end: `[m, out]`, with `onto` added if given."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Convolution:
    """A convolution over a whole utterance; a `Course` leads it over one that comes piece by piece."""

    product: Product
    computed: torch.dtype
    """Of rows and results."""
    outputs: int
    span: int
    """Rows from the first to the last that a result hears."""
    before: int
    """Rows of zeros that stand before the first row."""
    after: int
    """Rows of zeros that stand behind the last row."""
    stride: int = 1

    @classmethod
    def of(
        cls, weights: Filter, computed: torch.dtype, *, dilation: int = 1, stride: int = 1, padding: int | None = None
    ) -> Self:
        """With `padding` rows of zeros at each end; if not given, as many as give a result for each row."""
        outputs, _, taps = weights.weight.shape
        span = (taps - 1) * dilation + 1
        if padding is None:
            padding = span // 2
        product = _product(weights, computed, dilation, stride)
        return cls(
            product=product,
            computed=computed,
            outputs=outputs,
            span=span,
            before=padding,
            after=padding,
            stride=stride,
        )

    @classmethod
    def exact(cls, weights: Filter, computed: torch.dtype) -> Self:
        """In as many digits as `computed` has, on every device: a GPU's convolutions leave some out."""
        outputs, _, taps = weights.weight.shape
        matrix = weights.weight.permute(2, 1, 0).flatten(0, 1)
        product = Windows(matrix=matrix.to(computed), bias=weights.bias.to(computed))
        padding = (taps - 1) // 2
        return cls(product=product, computed=computed, outputs=outputs, span=taps, before=padding, after=padding)

    def count(self, rows: int) -> int:
        """How many results `rows` rows make, those of zeros included."""
        return max(0, (rows - self.span) // self.stride + 1)


def _product(weights: Filter, computed: torch.dtype, dilation: int, stride: int) -> Product:
    weight, bias = (part.to(computed) for part in (weights.weight[:, :, None], weights.bias))
    if weight.device.type == "cpu" and torch.backends.mkldnn.is_available():  # type: ignore[no-untyped-call]  # torch does not type it
        return Packed.of(weight, bias, dilation, stride)
    weight = weight.contiguous(memory_format=torch.channels_last)
    return Plain(weight=weight, bias=bias, dilation=dilation, stride=stride)


@dataclass(frozen=True, slots=True, kw_only=True)
class Packed:
    """In the layout of oneDNN, for a processor."""

    weight: Tensor
    """Opaque: only oneDNN's operations read it."""
    bias: Tensor
    dilation: int
    stride: int

    @classmethod
    def of(cls, weight: Tensor, bias: Tensor, dilation: int, stride: int) -> Self:
        """Of `weight` `[out, in, 1, taps]`."""
        sizes = [1, weight.shape[1], 1, TYPICAL_ROWS]
        packed = torch.ops.mkldnn._reorder_convolution_weight(  # noqa: SLF001 - torch has no other door
            weight.contiguous(), [0, 0], [1, stride], [1, dilation], 1, sizes
        )
        return cls(weight=packed, bias=bias, dilation=dilation, stride=stride)

    def __call__(self, rows: Tensor, padding: int, onto: Tensor | None) -> Tensor:
        """Of `rows` `[n, in]` between `padding` rows of zeros at each end: `[m, out]`, with `onto` added if given."""
        steps = ([0, padding], [1, self.stride], [1, self.dilation], 1)
        convolve = torch.ops.mkldnn._convolution_pointwise  # noqa: SLF001 - torch has no other door
        if onto is None:
            return _rows(convolve(_image(rows), self.weight, self.bias, *steps, "none", [], ""))
        return _rows(
            convolve.binary(_image(rows), _image(onto), self.weight, self.bias, *steps, "add", None, None, [], None)
        )


TYPICAL_ROWS = 1024
"""For which oneDNN chooses its layout; it is the same for any number that a vocoder meets."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plain:
    """As a library chooses by itself: for a GPU."""

    weight: Tensor
    """`[out, in, 1, taps]`, channels innermost."""
    bias: Tensor
    dilation: int
    stride: int

    def __call__(self, rows: Tensor, padding: int, onto: Tensor | None) -> Tensor:
        """Of `rows` `[n, in]` between `padding` rows of zeros at each end: `[m, out]`, with `onto` added if given."""
        made = _rows(
            functional.conv2d(_image(rows), self.weight, self.bias, (1, self.stride), (0, padding), (1, self.dilation))
        )
        return made if onto is None else made.add_(onto)


@dataclass(frozen=True, slots=True, kw_only=True)
class Windows:
    """A product of a matrix with each window of rows."""

    matrix: Tensor
    """`[taps · in, out]`."""
    bias: Tensor

    def __call__(self, rows: Tensor, padding: int, onto: Tensor | None) -> Tensor:
        """Of `rows` `[n, in]` between `padding` rows of zeros at each end: `[m, out]`, with `onto` added if given."""
        if padding:
            rows = functional.pad(rows, (0, 0, padding, padding))
        size, inputs = len(self.matrix), rows.shape[1]
        windows = rows.as_strided((len(rows) - size // inputs + 1, size), (inputs, 1), rows.storage_offset())
        made = torch.addmm(self.bias, windows, self.matrix)
        return made if onto is None else made.add_(onto)


def _image(rows: Tensor) -> Tensor:
    """`rows` `[n, channels]` as libraries see an image with its channels innermost: `[1, channels, 1, n]`."""
    return rows.view(1, 1, *rows.shape).permute(0, 3, 1, 2)


def _rows(image: Tensor) -> Tensor:
    """The other way round."""
    return image.permute(0, 2, 3, 1).reshape(image.shape[3], image.shape[1])
