"""Prefill: what a row holds before its first step is computed once, and reused where it is the same again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Prompt:
    """What an utterance's rows begin with; held keys and values are `[layer, position, key|value, head, 64]`."""

    opening: Tensor
    """Held of its voice."""
    text: Tensor
    """Inputs after it: `[n, width]`."""
    wordless: Tensor | None = None
    """Guided, held after the opening by the row without words: of as many inputs as `text` has, or more; its last
    input is that of `text`."""

    @property
    def rows(self) -> int:
        """That the utterance takes."""
        return 1 if self.wordless is None else 2

    @property
    def length(self) -> int:
        """Positions that each of its rows holds in the end."""
        return self.opening.shape[1] + len(self.text)

    @property
    def positions(self) -> int:
        """That are yet to be computed, of all its rows."""
        return len(self.text) + self.rows - 1

    def stretches(self) -> list[tuple[Tensor, Tensor]]:
        """For each row what it holds already, and the inputs that follow."""
        if self.wordless is None:
            return [(self.opening, self.text)]
        silent = torch.cat([self.opening, self.wordless[:, : len(self.text) - 1]], dim=1)
        return [(self.opening, self.text), (silent, self.text[-1:])]


class Prefill:
    """Inputs of several rows in one pass, one row's behind the other's; each sees what its own row holds before it."""

    def __init__(self, held: Sequence[Tensor], counts: Sequence[int]) -> None:
        """`counts` inputs for each of `held`, `[layer, position, key|value, head, 64]`."""
        device = held[0].device
        ends = [before.shape[1] + count for before, count in zip(held, counts, strict=True)]
        places = [torch.arange(end - count, end, device=device) for end, count in zip(ends, counts, strict=True)]
        self.positions = torch.cat(places)[None]
        self._held = held
        self._counts = list(counts)
        self._seen = [
            torch.arange(end, device=device) <= place[:, None] for end, place in zip(ends, places, strict=True)
        ]
        self._computed: list[Tensor] = []

    def attend(self, layer: int, qkv: Tensor) -> Tensor:
        """Attention of each row's inputs to that row: `qkv` is `[1, inputs, 3, heads, 64]`; layers come in order."""
        self._computed.append(qkv[0, :, 1:])
        rows = zip(torch.split(qkv[0], self._counts), self._held, self._seen, strict=True)
        return torch.cat([_attended(row, before[layer], seen) for row, before, seen in rows])[None]

    def computed(self) -> tuple[Tensor, ...]:
        """What each row holds of its inputs, once they went through all layers."""
        return torch.split(torch.stack(self._computed), self._counts, dim=1)


def _attended(qkv: Tensor, before: Tensor, seen: Tensor) -> Tensor:
    """Of `qkv` `[inputs, 3, heads, 64]` behind `before`: `[inputs, heads * 64]`."""
    key, value = torch.cat([before, qkv[:, 1:]]).permute(1, 2, 0, 3)[:, None]
    query = qkv[:, 0].transpose(0, 1)[None]
    mixed = functional.scaled_dot_product_attention(query, key, value, attn_mask=seen)
    return mixed[0].transpose(0, 1).flatten(1)
