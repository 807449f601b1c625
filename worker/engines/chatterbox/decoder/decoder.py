"""Continuous batching: utterances join and leave at any step, and none changes what another says."""

from __future__ import annotations

import heapq
from dataclasses import dataclass, field
from typing import Literal

import torch
from torch import Tensor

from worker.engines.chatterbox.checkpoint import Weights
from worker.engines.chatterbox.decoder.cache import Cache, Places, Prefill
from worker.engines.chatterbox.decoder.embedding import Embedding
from worker.engines.chatterbox.decoder.sampling import Sampler, Sampling
from worker.engines.chatterbox.decoder.trunk import Projection, gpt2, llama
from worker.engines.chatterbox.member import HEAD_SIZE, START_SPEECH, STOP_SPEECH, Member
from worker.errors import EngineFailed


@dataclass(slots=True, kw_only=True, eq=False)
class Slot:
    """An utterance under way."""

    rows: tuple[int, ...]
    """Its row of the batch; guided, also that of the same prompt without its text."""
    token_limit: int
    reach: int
    """Positions its rows hold once the next token is fed."""
    tokens: list[int] = field(default_factory=list)
    """What it has said so far, without start and stop."""
    end: Literal["spoken", "limit", "released"] | None = None
    """Why it ended; none while it is under way."""


class Decoder:
    """One member's T3 with a fixed number of rows, each with a fixed length. For one thread at a time."""

    def __init__(self, weights: Weights, member: Member, *, rows: int, length: int, device: str = "cpu") -> None:
        self.embedding = Embedding(weights, member)
        self._member = member
        self._trunk = llama(weights, length) if member.guided else gpt2(weights)
        self._head = Projection(weight=weights["speech_head.weight"].t(), bias=weights.get("speech_head.bias"))
        self._sampler = Sampler(member, rows, device)
        heads = member.hidden // HEAD_SIZE
        self._cache = Cache(layers=len(self._trunk.layers), rows=rows, length=length, heads=heads, device=device)
        self._length = length
        self._free = list(range(rows))
        self._live: list[Slot] = []
        self._tokens, self._positions, self._origins, self._advance = torch.zeros(4, rows, dtype=torch.long).to(device)
        self._speaking = torch.arange(rows, device=device)
        """The row whose token a row is fed."""
        self._compared = torch.arange(rows, device=device)
        """The row that guides a row."""
        self._guidance = torch.zeros(rows, 1, device=device)

    @property
    def free_rows(self) -> int:
        """Rows that no utterance holds."""
        return len(self._free)

    @torch.inference_mode()
    def admit(self, prompt: Tensor, sampling: Sampling, *, seed: int, token_limit: int) -> Slot:
        """The slot of a new utterance, whose first token the next step draws.

        `prompt` is the embedding's, one row or, guided, two.

        Raises:
            EngineFailed: no row is free, or prompt and tokens are longer than a row.

        """
        rows, length = prompt.shape[:2]
        if rows > len(self._free):
            raise EngineFailed("Chatterbox: every row of the batch is taken")
        if length + token_limit > self._length:
            raise EngineFailed(f"Chatterbox: a prompt of {length} leaves no room for {token_limit} tokens")
        slot = Slot(
            rows=tuple(heapq.heappop(self._free) for _ in range(rows)), token_limit=token_limit, reach=length + 1
        )
        self._trunk(prompt, Prefill(self._cache, torch.tensor(slot.rows, device=prompt.device), length))
        self._seat(slot, sampling, seed)
        self._live.append(slot)
        return slot

    @torch.inference_mode()
    def step(self) -> list[Slot]:
        """Draws a token for every slot; returns the slots that ended with it.

        A stop token ends any slot, also as its first token, which upstream's Turbo overlooks.
        """
        if not self._live:
            return []
        rows = 1 + max(max(slot.rows) for slot in self._live)
        tokens, positions = self._tokens[:rows], self._positions[:rows]
        places = Places.at(self._cache, positions[:, None], max(slot.reach for slot in self._live))
        inputs = self.embedding.speech(tokens, positions - self._origins[:rows])
        logits = self._head(self._trunk(inputs[:, None], places)[:, 0])
        drawn = self._sampler.draw(self._guided(logits))
        torch.index_select(drawn, 0, self._speaking[:rows], out=tokens)
        positions.add_(self._advance[:rows])
        return self._told(drawn.tolist())

    def release(self, slot: Slot) -> None:
        """Frees the slot's rows, at any time; once is enough, and more do no harm."""
        self._leave(slot, "released")

    def _guided(self, logits: Tensor) -> Tensor:
        """Away from what would be said of no text."""
        if not any(len(slot.rows) > 1 for slot in self._live):
            return logits
        compared = logits.index_select(0, self._compared[: len(logits)])
        return torch.addcmul(logits, self._guidance[: len(logits)], logits - compared)

    def _seat(self, slot: Slot, sampling: Sampling, seed: int) -> None:
        said, unsaid = slot.rows[0], slot.rows[-1]
        for row in slot.rows:
            self._tokens[row] = START_SPEECH
            self._positions[row] = slot.reach - 1
            self._origins[row] = slot.reach - 1 if self._member.guided else 0
            self._advance[row] = 1
            self._speaking[row] = said
        self._compared[said] = unsaid
        self._guidance[said] = sampling.cfg_weight
        self._sampler.seat(said, sampling, seed)

    def _told(self, drawn: list[int]) -> list[Slot]:
        ended = []
        for slot in list(self._live):
            token = drawn[slot.rows[0]]
            slot.reach += 1
            if token != STOP_SPEECH:
                slot.tokens.append(token)
            if token == STOP_SPEECH or len(slot.tokens) == slot.token_limit:
                self._leave(slot, "spoken" if token == STOP_SPEECH else "limit")
                ended.append(slot)
        return ended

    def _leave(self, slot: Slot, end: Literal["spoken", "limit", "released"]) -> None:
        if slot.end is not None:
            return
        slot.end = end
        self._live.remove(slot)
        self._sampler.clear(slot.rows[0])
        for row in slot.rows:
            self._tokens[row] = self._positions[row] = self._origins[row] = self._advance[row] = 0
            self._speaking[row] = self._compared[row] = row
            self._guidance[row] = 0.0
            heapq.heappush(self._free, row)
