"""Sampling: the next token of every row, each by its own parameters and its own source of chance."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from worker.engines.chatterbox.member import START_SPEECH, Member


@dataclass(frozen=True, slots=True, kw_only=True)
class Sampling:
    """How a token is drawn; the defaults leave the model's own distribution."""

    temperature: float = 1.0
    """Above 0."""
    repetition_penalty: float = 1.0
    """From 1 up."""
    min_p: float = 0.0
    """Of the guided members."""
    top_p: float = 1.0
    top_k: int | None = None
    """Of the others."""
    cfg_weight: float = 0.0
    """Of the guided members, for a prompt of two rows."""


class Sampler:
    """Draws for rows side by side; what a row draws depends on nothing but its own logits, parameters and seed.

    The order is upstream's: in guided members penalty, temperature, min-p, top-p; in the others temperature, top-k,
    top-p, and the penalty last.
    """

    def __init__(self, member: Member, rows: int, device: str) -> None:
        self._penalty_last = not member.guided
        self._vocabulary = member.speech_vocabulary
        self._sources: list[torch.Generator | None] = [None] * rows
        self._samplings = [Sampling()] * rows
        self._fresh: set[int] = set()
        self._noise = torch.ones(rows, member.speech_vocabulary, device=device)
        self._penalties = torch.ones_like(self._noise)
        self._penalty, self._temperature = (torch.ones(rows, 1, device=device) for _ in range(2))
        self._floor, self._outside, self._outranked = (torch.zeros(rows, 1, device=device) for _ in range(3))

    def seat(self, row: int, sampling: Sampling, chance: torch.Generator) -> None:
        """Gives `row` to a new utterance."""
        self._samplings[row] = sampling
        self._sources[row] = chance
        self._fresh.add(row)
        self._penalties[row] = 1.0
        self._penalties[row, START_SPEECH] = sampling.repetition_penalty
        self._penalty[row] = sampling.repetition_penalty
        self._temperature[row] = sampling.temperature
        self._floor[row] = math.log(sampling.min_p) if sampling.min_p > 0 else -math.inf
        self._outside[row] = 1 - sampling.top_p
        self._outranked[row] = max(0, self._vocabulary - (sampling.top_k or self._vocabulary))

    def clear(self, row: int) -> None:
        """Takes `row` back; it costs nothing from here on."""
        self._samplings[row] = Sampling()
        self._sources[row] = None
        self._fresh.discard(row)

    def draw(self, logits: Tensor) -> Tensor:
        """A token for each of the first rows: int64 `[rows]` of `logits` `[rows, vocabulary]`."""
        rows = len(logits)
        logits = self._narrowed(logits if self._penalty_last else self._penalised(logits))
        chances = (self._penalised(logits) if self._penalty_last else logits).softmax(-1)
        drawn = (chances / self._noises(rows)).argmax(-1)
        self._remember(drawn)
        return drawn

    def _noises(self, rows: int) -> Tensor:
        """Exponential noise: the largest quotient of chance and noise is at what `torch.multinomial` would draw."""
        for row, source in enumerate(self._sources[:rows]):
            if source is not None:
                self._noise[row].exponential_(generator=source)
        return self._noise[:rows]

    def _penalised(self, logits: Tensor) -> Tensor:
        """What was said becomes less likely: the smaller of product and quotient, whatever the sign."""
        penalties = self._penalties[: len(logits)]
        return torch.minimum(logits * penalties, logits / penalties)

    def _narrowed(self, logits: Tensor) -> Tensor:
        rows = len(logits)
        logits = logits / self._temperature[:rows]
        if any(sampling.min_p > 0 for sampling in self._samplings[:rows]):
            least = logits.amax(-1, keepdim=True) + self._floor[:rows]
            logits = logits.masked_fill(logits < least, -torch.inf)
        if any(sampling.top_p < 1 or sampling.top_k for sampling in self._samplings[:rows]):
            logits = logits.masked_fill(logits < self._nucleus(logits), -torch.inf)
        return logits

    def _nucleus(self, logits: Tensor) -> Tensor:
        """The least logit of each row that top-k and top-p keep: `[rows, 1]`."""
        rows, vocabulary = logits.shape
        ascending = logits.sort(-1).values
        ranks = torch.arange(vocabulary, device=logits.device)
        likeliest = ascending.masked_fill(ranks < self._outranked[:rows], -torch.inf)
        cut = (likeliest.softmax(-1).cumsum(-1) <= self._outside[:rows]).sum(-1, keepdim=True)
        return ascending.gather(-1, cut.clamp_(max=vocabulary - 1))

    def _remember(self, drawn: Tensor) -> None:
        for row in self._fresh if self._penalty_last else ():
            self._penalties[row, START_SPEECH] = 1.0
        self._fresh.clear()
        self._penalties[: len(drawn)].scatter_(1, drawn[:, None], self._penalty[: len(drawn)])
