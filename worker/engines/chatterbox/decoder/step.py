"""The step: every row is fed its token and draws the next one, in tensors alone."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Self

import torch
from torch import Tensor

from worker.engines.chatterbox.arithmetic.precision import Precision, as_type
from worker.engines.chatterbox.arithmetic.projection import Projection, projection
from worker.engines.chatterbox.checkpoint import Weights
from worker.engines.chatterbox.decoder import chance
from worker.engines.chatterbox.decoder.attention import Attention
from worker.engines.chatterbox.decoder.cache import Cache
from worker.engines.chatterbox.decoder.embedding import Embedding
from worker.engines.chatterbox.decoder.sampler import Sampler
from worker.engines.chatterbox.decoder.shape import Shape
from worker.engines.chatterbox.decoder.state import State
from worker.engines.chatterbox.decoder.trunk import Trunk, gpt2, llama
from worker.engines.chatterbox.decoder.varlen import attention
from worker.engines.chatterbox.member import HEAD_SIZE, Member


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One member's. It decides nothing by what is in a tensor, and what it needs from outside is in its shape."""

    embedding: Embedding
    trunk: Trunk
    head: Projection
    """Gives single precision, in which everything after it is computed."""
    sampler: Sampler
    attention: Attention
    state: State
    absolute: bool
    """Whether speech tokens know their position in the row, rather than since the start of speech."""
    seeds: Tensor | None
    """Of computed chance, what stands for each token; none where the state's noise is drawn for every step."""
    _firsts: dict[int, State] = field(default_factory=dict)

    @classmethod
    def of(
        cls,
        weights: Weights,
        member: Member,
        *,
        rows: int,
        length: int,
        device: torch.device,
        precision: Precision,
    ) -> Self:
        """Of `member` with these weights, for `rows` rows of `length` positions."""
        trunk = llama(weights, length, precision) if member.guided else gpt2(weights, precision)
        layers, heads = len(trunk.layers), member.hidden // HEAD_SIZE
        cache = Cache(layers=layers, rows=rows, length=length, heads=heads, device=device, dtype=precision.cache)
        vocabulary = member.speech_vocabulary
        return cls(
            embedding=Embedding(weights, member),
            trunk=trunk,
            head=_head(weights, precision),
            sampler=Sampler(penalty_last=not member.guided, ranks=torch.arange(vocabulary, device=device)),
            attention=attention(cache),
            state=State.empty(rows=rows, vocabulary=vocabulary, counted=precision.counted, device=device),
            absolute=not member.guided,
            seeds=chance.places(vocabulary, device) if precision.counted else None,
        )

    def __call__(self, shape: Shape) -> None:
        """The state of the first rows becomes that of the next step."""
        rows = self._first(shape.rows)
        places = rows.positions if self.absolute else rows.positions - rows.starts
        inputs = self.embedding.speech(rows.tokens, places)
        window = self.attention.window(rows.positions[:, None], shape.reach)
        logits = self.head(_single(self.trunk(inputs[:, None], window)[:, 0]))
        if shape.guided:
            compared = logits.index_select(0, rows.compared)
            logits = torch.addcmul(logits, rows.guidance, logits - compared)
        preferences = self.sampler.preferences(
            logits, self._noise(rows), rows, floored=shape.floored, ranked=shape.ranked
        )
        if shape.guided:
            torch.index_select(preferences.argmax(-1), 0, rows.speaking, out=rows.tokens)
        else:
            torch.argmax(preferences, -1, out=rows.tokens)
        rows.positions.add_(rows.advance)

    def _noise(self, rows: State) -> Tensor:
        if self.seeds is None:
            return rows.noise
        return chance.exponential(rows.keys, (rows.positions - rows.starts)[:, None], self.seeds)

    def _first(self, rows: int) -> State:
        if rows not in self._firsts:
            self._firsts[rows] = self.state.first(rows)
        return self._firsts[rows]


def _head(weights: Weights, precision: Precision) -> Projection:
    """On a GPU in single precision, whose reading hardly counts there; on a processor as the trunk's matrices."""
    weight, bias = weights["speech_head.weight"].t(), weights.get("speech_head.bias")
    if weight.device.type == "cpu":
        return projection(weight, bias, precision)
    return projection(weight, bias, replace(precision, weights=torch.float32))


def _single(given: Tensor) -> Tensor:
    return as_type(given, torch.float32)
