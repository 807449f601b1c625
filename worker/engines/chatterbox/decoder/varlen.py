"""Attention over each row's own length, by PyTorch's FlashAttention: one window serves rows of every length."""

from __future__ import annotations

import logging
from dataclasses import dataclass

import torch
from torch import Tensor

from worker.engines.chatterbox.arithmetic.precision import as_type
from worker.engines.chatterbox.decoder.attention import Attention, Masked
from worker.engines.chatterbox.decoder.cache import Cache, Window

logger = logging.getLogger(__name__)

SPLITS = 1
"""Parts in which a row is read at the same time. With a single one a row's numbers are the same, bit for bit, whatever
rows are beside it (documentation of `varlen_attn`)."""
ROUNDING = 2e-2
"""Of attention to unit normal values in bfloat16."""


def attention(cache: Cache) -> Attention:
    """The way to read `cache` on its device: over lengths where that works, else masked."""
    if cache.entries.is_cuda and cache.entries.dtype in (torch.bfloat16, torch.float16) and works(cache):
        return Varlen(cache)
    return Masked(cache)


def works(cache: Cache) -> bool:
    """Whether lengths work out to what masks do, tried on a small cache like `cache`; it waits for the device.

    Where they do not, the log says why.
    """
    entries = cache.entries
    heads, device, dtype = entries.shape[-2], entries.device, entries.dtype
    small = Cache(layers=1, rows=2, length=256, heads=heads, device=device, dtype=dtype)
    small.entries.normal_()
    positions = torch.tensor([[3], [200]], device=device)
    qkv = torch.randn(2, 1, 3, heads, entries.shape[-1], device=device, dtype=dtype)
    expected = Masked(small).window(positions, small.length).attend(0, qkv)
    try:
        found = Varlen(small).window(positions, None).attend(0, qkv)
    except (ImportError, TypeError, RuntimeError) as error:
        logger.warning("attention over lengths is not to be had here; masks are used instead", exc_info=error)
        return False
    if not torch.allclose(found, expected, atol=ROUNDING, rtol=ROUNDING):
        logger.warning("attention over lengths goes wrong here; masks are used instead")
        return False
    return True


class Varlen:
    """Each row is read as far as it goes, in place; half precision on a GPU only."""

    def __init__(self, cache: Cache) -> None:
        self.cache = cache
        self._rows = torch.arange(cache.rows, device=cache.entries.device)[:, None]
        self._queries = torch.arange(cache.rows + 1, device=cache.entries.device, dtype=torch.int32)
        self._starts = self._queries * cache.length

    def reach(self, furthest: int) -> None:
        """None: rows of all lengths share one window."""

    def window(self, positions: Tensor, reach: int | None) -> Window:  # noqa: ARG002 - the protocol's
        """Over what each row holds."""
        rows = len(positions)
        used = (positions[:, 0] + 1).to(torch.int32)
        return _Varlen(
            self.cache, self._rows[:rows], positions, self._queries[: rows + 1], self._starts[: rows + 1], used
        )


@dataclass(frozen=True, slots=True)
class _Varlen:
    cache: Cache
    rows: Tensor
    positions: Tensor
    queries: Tensor
    """Where each row's query is, one after the other: int32 `[rows + 1]`."""
    starts: Tensor
    """Where each row starts among the positions of all: int32 `[rows + 1]`."""
    used: Tensor
    """Positions that each row holds: int32 `[rows]`."""

    def attend(self, layer: int, qkv: Tensor) -> Tensor:
        from torch.nn.attention.varlen import varlen_attn  # older versions of torch have none

        self.cache.store(layer, self.rows, self.positions, qkv)
        key, value = self.cache.entries[layer, : len(self.rows)].flatten(0, 1).unbind(1)
        mixed = varlen_attn(
            as_type(qkv[:, 0, 0], key.dtype),
            key,
            value,
            self.queries,
            self.starts,
            1,
            self.cache.length,
            seqused_k=self.used,
            num_splits=SPLITS,
        )
        if isinstance(mixed, tuple):
            mixed = mixed[0]
        return as_type(mixed.flatten(1)[:, None], qkv.dtype)
