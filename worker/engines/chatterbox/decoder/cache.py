"""The cache: keys and values of every row, at fixed places."""

from __future__ import annotations

import math
from typing import Protocol

import numpy as np
import torch
from torch import Tensor

from worker.engines.chatterbox.arithmetic.precision import as_type
from worker.engines.chatterbox.member import HEAD_SIZE

BUCKET = 64
"""Positions read are rounded up to a multiple of this, so that few shapes occur."""


class Window(Protocol):
    """What a forward pass computes, and what its attention sees."""

    @property
    def positions(self) -> Tensor:
        """Of each input in its row: int64 `[rows, inputs]`."""

    def attend(self, layer: int, qkv: Tensor) -> Tensor:
        """Stores the keys and values of `qkv` `[rows, inputs, 3, heads, 64]`; returns `[rows, inputs, heads * 64]`."""


class Cache:
    """Room for `rows` sequences of `length` positions in every layer: `[layer, row, position, key|value, head, 64]`."""

    def __init__(
        self,
        *,
        layers: int,
        rows: int,
        length: int,
        heads: int,
        device: str | torch.device,
        dtype: torch.dtype = torch.float32,
    ) -> None:
        self.rows = rows
        self.length = -(-length // BUCKET) * BUCKET
        shape = (layers, rows, self.length, 2, heads, HEAD_SIZE)
        on_processor = torch.device(device).type == "cpu"
        self.entries = _untouched(shape, dtype) if on_processor else torch.zeros(shape, device=device, dtype=dtype)

    def store(self, layer: int, rows: Tensor, positions: Tensor, qkv: Tensor) -> None:
        """Writes keys and values to `rows` `[rows, 1]` at `positions` `[rows, inputs]`."""
        self.entries[layer].index_put_((rows, positions), as_type(qkv[:, :, 1:], self.entries.dtype))

    def put(self, row: int, position: int, held: Tensor) -> None:
        """Writes what is held in every layer, `[layer, position, key|value, head, 64]`, to `row` from `position` on."""
        self.entries[:, row, position : position + held.shape[1]] = held


def _untouched(shape: tuple[int, ...], dtype: torch.dtype) -> Tensor:
    """Zeros that take no memory before they are written; torch writes its own."""
    return torch.from_numpy(np.zeros(math.prod(shape) * dtype.itemsize, dtype=np.uint8)).view(dtype).view(shape)
