"""Continuous batching: utterances join and leave at any step, and none changes what another says."""

from __future__ import annotations

import heapq
from collections import deque
from dataclasses import dataclass, field
from typing import Literal, Self

import torch
from torch import Tensor

from worker.engines.chatterbox.checkpoint import Weights
from worker.engines.chatterbox.decoder.cache import Cache, Opening, Places, Prefill
from worker.engines.chatterbox.decoder.embedding import Conditionals, Embedding
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
    chance: torch.Generator
    """Where its tokens are drawn from."""
    tokens: list[int] = field(default_factory=list)
    """What it has said so far, without start and stop."""
    end: Literal["spoken", "limit", "released"] | None = None
    """Why it ended; none while it is under way."""


@dataclass(frozen=True, slots=True)
class Drawn:
    """The tokens of one step, on their way to the host."""

    tokens: Tensor
    slots: tuple[Slot, ...]
    """Whose they are."""
    arrived: torch.cuda.Event | None

    @classmethod
    def sent(cls, tokens: Tensor, slots: tuple[Slot, ...]) -> Self:
        """Sends `tokens` without waiting for them."""
        if not tokens.is_cuda:
            return cls(tokens.clone(), slots, None)
        arrived = torch.cuda.Event()  # type: ignore[no-untyped-call]  # torch does not type it
        host = torch.empty_like(tokens, device="cpu", pin_memory=True).copy_(tokens, non_blocking=True)
        arrived.record()
        return cls(host, slots, arrived)

    def read(self) -> list[int]:
        """The tokens by row, once they are there."""
        if self.arrived is not None:
            self.arrived.synchronize()
        return self.tokens.tolist()


class Decoder:
    """One member's T3 with a fixed number of rows, each with a fixed length. For one thread at a time."""

    def __init__(
        self, weights: Weights, member: Member, *, rows: int, length: int, device: str = "cpu", ahead: int = 0
    ) -> None:
        """`ahead` steps are under way before the first of them is read: a device is then never waited for."""
        self.embedding = Embedding(weights, member)
        self.ahead = ahead
        self._member = member
        self._device = torch.device(device)
        self._trunk = llama(weights, length) if member.guided else gpt2(weights)
        self._head = Projection(weight=weights["speech_head.weight"].t(), bias=weights.get("speech_head.bias"))
        self._sampler = Sampler(member, rows, device)
        heads = member.hidden // HEAD_SIZE
        self._cache = Cache(layers=len(self._trunk.layers), rows=rows, length=length, heads=heads, device=device)
        self._length = length
        self._free = list(range(rows))
        self._live: list[Slot] = []
        self._drawn: deque[Drawn] = deque()
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
    def opening(self, voice: Conditionals) -> Tensor:
        """What every utterance in a voice begins with, ready for `admit`; it may be kept."""
        inputs = self.embedding.opening(voice)
        window = Opening(len(inputs), self._device)
        self._trunk(inputs[None], window)
        return window.entries()

    @torch.inference_mode()
    def admit(self, opening: Tensor, text: Tensor, sampling: Sampling, *, seed: int, token_limit: int) -> Slot:
        """The slot of a new utterance, whose first token the next step draws.

        `text` is the embedding's, one row or, guided, two.

        Raises:
            EngineFailed: no row is free, or opening, text and tokens are longer than a row.

        """
        rows, length = text.shape[0], opening.shape[1] + text.shape[1]
        if rows > len(self._free):
            raise EngineFailed("Chatterbox: every row of the batch is taken")
        if length + token_limit + self.ahead > self._length:
            raise EngineFailed(f"Chatterbox: a prompt of {length} leaves no room for {token_limit} tokens")
        slot = Slot(
            rows=tuple(heapq.heappop(self._free) for _ in range(rows)),
            token_limit=token_limit,
            reach=length + 1,
            chance=torch.Generator(self._device).manual_seed(seed),
        )
        self._trunk(text, Prefill(self._cache, slot.rows, opening, text.shape[1]))
        self._seat(slot, sampling)
        self._live.append(slot)
        return slot

    @torch.inference_mode()
    def step(self) -> list[Slot]:
        """Draws a token for every slot; returns the slots that are known to have ended.

        A stop token ends any slot, also as its first token, which upstream's Turbo overlooks.
        """
        if self._live:
            self._drawn.append(Drawn.sent(self._next(), tuple(self._live)))
        if self._drawn and (len(self._drawn) > self.ahead or not self._live):
            return self._told(self._drawn.popleft())
        return []

    def release(self, slot: Slot) -> None:
        """Frees the slot's rows, at any time; once is enough, and more do no harm."""
        self._leave(slot, "released")

    def _next(self) -> Tensor:
        """The next token of every row up to the last that is taken."""
        rows = 1 + max(max(slot.rows) for slot in self._live)
        tokens, positions = self._tokens[:rows], self._positions[:rows]
        places = Places.at(self._cache, positions[:, None], max(slot.reach for slot in self._live))
        inputs = self.embedding.speech(tokens, positions - self._origins[:rows])
        logits = self._head(self._trunk(inputs[:, None], places)[:, 0])
        drawn = self._sampler.draw(self._guided(logits))
        torch.index_select(drawn, 0, self._speaking[:rows], out=tokens)
        positions.add_(self._advance[:rows])
        for slot in self._live:
            slot.reach += 1
        return drawn

    def _guided(self, logits: Tensor) -> Tensor:
        """Away from what would be said of no text."""
        if not any(len(slot.rows) > 1 for slot in self._live):
            return logits
        compared = logits.index_select(0, self._compared[: len(logits)])
        return torch.addcmul(logits, self._guidance[: len(logits)], logits - compared)

    def _seat(self, slot: Slot, sampling: Sampling) -> None:
        said, unsaid = slot.rows[0], slot.rows[-1]
        for row in slot.rows:
            self._tokens[row] = START_SPEECH
            self._positions[row] = slot.reach - 1
            self._origins[row] = slot.reach - 1 if self._member.guided else 0
            self._advance[row] = 1
            self._speaking[row] = said
        self._compared[said] = unsaid
        self._guidance[said] = sampling.cfg_weight
        self._sampler.seat(said, sampling, slot.chance)

    def _told(self, drawn: Drawn) -> list[Slot]:
        """The slots that ended with these tokens; what was drawn for one that had ended before is nothing."""
        ended, tokens = [], drawn.read()
        for slot in drawn.slots:
            if slot.end is not None:
                continue
            token = tokens[slot.rows[0]]
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
