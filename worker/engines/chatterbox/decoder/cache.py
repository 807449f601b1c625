"""The cache: keys and values of every row, at fixed places, and two ways to attend to them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor
from torch.nn import functional

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

    def __init__(self, *, layers: int, rows: int, length: int, heads: int, device: str) -> None:
        self.length = -(-length // BUCKET) * BUCKET
        self.entries = torch.zeros(layers, rows, self.length, 2, heads, HEAD_SIZE, device=device)

    def store(self, layer: int, rows: Tensor, positions: Tensor, qkv: Tensor) -> None:
        """Writes keys and values to `rows` `[rows, 1]` at `positions` `[rows, inputs]`."""
        self.entries[layer].index_put_((rows, positions), qkv[:, :, 1:])


class Opening:
    """An opening by itself, of which keys and values are kept for every row that begins with it."""

    def __init__(self, length: int, device: torch.device) -> None:
        self.positions = torch.arange(length, device=device)[None]
        self._kept: list[Tensor] = []

    def attend(self, layer: int, qkv: Tensor) -> Tensor:  # noqa: ARG002 - layers come in order
        """Attention within the opening."""
        self._kept.append(qkv[0, :, 1:])
        query, key, value = qkv.transpose(1, 3).unbind(2)
        return functional.scaled_dot_product_attention(query, key, value, is_causal=True).transpose(1, 2).flatten(2)

    def entries(self) -> Tensor:
        """What a row holds after it: `[layer, position, key|value, head, 64]`."""
        return torch.stack(self._kept)


class Prefill:
    """A text, whole, into `rows`, which from here on begin with `opening`: every input sees those before it."""

    def __init__(self, cache: Cache, rows: tuple[int, ...], opening: Tensor, length: int) -> None:
        start = opening.shape[1]
        for row in rows:
            cache.entries[:, row, :start] = opening
        positions = torch.arange(start, start + length, device=opening.device)
        self.positions = positions.expand(len(rows), -1)
        self._cache = cache
        self._rows = torch.tensor(rows, device=opening.device)[:, None]
        self._seen = torch.arange(start + length, device=opening.device) <= positions[:, None]

    def attend(self, layer: int, qkv: Tensor) -> Tensor:
        """Attention to the opening and within the text."""
        self._cache.store(layer, self._rows, self.positions, qkv)
        held = self._cache.entries[layer, self._rows[:, 0], : self._seen.shape[-1]]
        key, value = held.transpose(1, 3).unbind(2)
        query = qkv[:, :, 0].transpose(1, 2)
        mixed = functional.scaled_dot_product_attention(query, key, value, attn_mask=self._seen)
        return mixed.transpose(1, 2).flatten(2)


@dataclass(frozen=True, slots=True)
class Places:
    """One input for each of the first rows, each at a position of its own."""

    cache: Cache
    positions: Tensor
    """int64 `[rows, 1]`."""
    rows: Tensor
    """int64 `[rows, 1]`: 0, 1, …"""
    unseen: Tensor
    """0 where a row may look and −∞ elsewhere: float32 `[rows, 1, 1, reach]`."""

    @classmethod
    def at(cls, cache: Cache, positions: Tensor, reach: int) -> Places:
        """Inputs at `positions` `[rows, 1]`, all below `reach`."""
        reach = -(-reach // BUCKET) * BUCKET
        ahead = torch.arange(reach, device=positions.device) > positions
        return cls(
            cache,
            positions,
            torch.arange(len(positions), device=positions.device)[:, None],
            torch.zeros_like(ahead, dtype=cache.entries.dtype).masked_fill_(ahead, -torch.inf)[:, None, None],
        )

    def attend(self, layer: int, qkv: Tensor) -> Tensor:
        """Attention to all that the row holds up to its position."""
        self.cache.store(layer, self.rows, self.positions, qkv)
        seen = self.cache.entries[layer, : len(self.rows), : self.unseen.shape[-1]]
        key, value = seen.transpose(1, 3).unbind(2)
        query = qkv[:, :, 0].transpose(1, 2)
        mixed = functional.scaled_dot_product_attention(query, key, value, attn_mask=self.unseen)
        return mixed.transpose(1, 2).flatten(2)
