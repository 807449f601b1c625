"""Parts that many tensors are: projections, convolutions, norms."""

from __future__ import annotations

from collections.abc import Iterator

Shape = tuple[int, ...]
Named = Iterator[tuple[str, Shape]]
"""Tensors by their names."""


def affine(name: str, *shape: int) -> Named:
    """A weight of `shape`, whose first length is that of its bias."""
    yield f"{name}.weight", shape
    yield f"{name}.bias", shape[:1]


def norm(name: str, width: int) -> Named:
    """A weight and a bias for each of `width`."""
    return affine(name, width)


def batch_norm(name: str, width: int, *, affine_too: bool = True) -> Named:
    """What batch normalisation has learned and counted."""
    if affine_too:
        yield from norm(name, width)
    yield f"{name}.running_mean", (width,)
    yield f"{name}.running_var", (width,)
    yield f"{name}.num_batches_tracked", ()


def parted(name: str, *shape: int, outputs: int | None = None) -> Named:
    """A convolution whose weight is kept as direction and length (`torch.nn.utils.parametrizations.weight_norm`)."""
    yield f"{name}.bias", (shape[0] if outputs is None else outputs,)
    yield f"{name}.parametrizations.weight.original0", (shape[0], 1, 1)
    yield f"{name}.parametrizations.weight.original1", shape


def under(stem: str, named: Named) -> Named:
    """The same with `stem` before their names."""
    return ((stem + name, shape) for name, shape in named)
