"""Attention of one new input in each row to all that its row holds, with the rows at positions of their own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor
from torch.nn import functional

from worker.engines.chatterbox.arithmetic.precision import as_type
from worker.engines.chatterbox.decoder.cache import BUCKET, Cache, Window


class Attention(Protocol):
    """A way to read the cache."""

    cache: Cache

    def reach(self, furthest: int) -> int | None:
        """The reach of a window for rows that hold up to `furthest` positions; none where there is but one window."""

    def window(self, positions: Tensor, reach: int | None) -> Window:
        """What inputs of the first rows see from `positions` `[rows, 1]`, all below `reach`."""


class Masked:
    """All rows are read equally far, and what lies beyond a row's position is left out: everywhere, in any numbers."""

    def __init__(self, cache: Cache) -> None:
        device = cache.entries.device
        self.cache = cache
        self._rows = torch.arange(cache.rows, device=device)[:, None]
        unseen = torch.full((cache.length, cache.length), -torch.inf, device=device, dtype=cache.entries.dtype)
        self._unseen = unseen.triu_(1)
        """0 where a position may look and −∞ elsewhere: `[position, position]`."""

    def reach(self, furthest: int) -> int:
        """Rounded up, so that few occur."""
        return -(-furthest // BUCKET) * BUCKET

    def window(self, positions: Tensor, reach: int | None) -> Window:
        """Over the first `reach` positions."""
        unseen = self._unseen[:, :reach].index_select(0, positions[:, 0])[:, None, None]
        return _Masked(self.cache, self._rows[: len(positions)], positions, unseen)


@dataclass(frozen=True, slots=True)
class _Masked:
    cache: Cache
    rows: Tensor
    """int64 `[rows, 1]`: 0, 1, …"""
    positions: Tensor
    unseen: Tensor
    """`[rows, 1, 1, reach]`."""

    def attend(self, layer: int, qkv: Tensor) -> Tensor:
        self.cache.store(layer, self.rows, self.positions, qkv)
        seen = self.cache.entries[layer, : len(self.rows), : self.unseen.shape[-1]]
        key, value = seen.transpose(1, 3).unbind(2)
        query = as_type(qkv[:, :, 0].transpose(1, 2), key.dtype)
        mixed = functional.scaled_dot_product_attention(query, key, value, attn_mask=self.unseen)
        return as_type(mixed.transpose(1, 2).flatten(2), qkv.dtype)
