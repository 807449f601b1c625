"""The sampler: the next token of every row, each by its own parameters and its own chance."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from worker.engines.chatterbox.decoder.state import State


@dataclass(frozen=True, slots=True, kw_only=True)
class Sampler:
    """One member's; what a row draws depends on nothing but its own logits, parameters and chance.

    The order is upstream's: in guided members penalty, temperature, min-p, top-p; in the others temperature, top-k,
    top-p, and the penalty last.
    """

    penalty_last: bool
    ranks: Tensor
    """0, 1, …: int64 `[vocabulary]`."""

    def preferences(self, logits: Tensor, noise: Tensor, rows: State, *, floored: bool, ranked: bool) -> Tensor:
        """Of each token, of which the greatest is drawn, of `logits` and exponential `noise`: `[rows, vocabulary]`.

        The greatest quotient of chance and noise is where `torch.multinomial` draws. `floored` and `ranked` say whether
        any row has min-p, and top-k or top-p; to the others they make no difference. What was fed is remembered.
        """
        rows.penalties.scatter_(1, rows.tokens[:, None], rows.penalty)
        if not self.penalty_last:
            logits = _penalised(logits, rows.penalties)
        logits = logits / rows.temperature
        if floored:
            logits = _above(logits, logits.amax(-1, keepdim=True) + rows.floor)
        if ranked:
            logits = _above(logits, self._least(logits, rows))
        if self.penalty_last:
            logits = _penalised(logits, rows.penalties)
        return logits.softmax(-1).div_(noise)

    def _least(self, logits: Tensor, rows: State) -> Tensor:
        """The least logit of each row that top-k and top-p keep, which is the greatest at most: `[rows, 1]`."""
        ascending = logits.sort(-1).values
        likeliest = ascending.masked_fill(self.ranks < rows.outranked, -torch.inf)
        below = likeliest.softmax(-1).cumsum(-1)[:, :-1] <= rows.outside
        return ascending.gather(-1, below.sum(-1, keepdim=True))


def _penalised(logits: Tensor, penalties: Tensor) -> Tensor:
    """What was said becomes less likely: the smaller of product and quotient, whatever the sign."""
    return torch.minimum(logits * penalties, logits / penalties)


def _above(logits: Tensor, least: Tensor) -> Tensor:
    """Without those below `least` `[rows, 1]`."""
    return logits.masked_fill(logits < least, -torch.inf)
