"""Continuous batching: utterances join and leave at any step, and none changes what another says."""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

import torch
from torch import Tensor

from worker.engines.chatterbox.arithmetic.precision import REFERENCE, Precision
from worker.engines.chatterbox.checkpoint import Weights
from worker.engines.chatterbox.decoder.embedding import Conditionals
from worker.engines.chatterbox.decoder.graphs import Cuda, Graphs
from worker.engines.chatterbox.decoder.prefill import Prefill, Prompt
from worker.engines.chatterbox.decoder.ring import ring
from worker.engines.chatterbox.decoder.sampling import Sampling
from worker.engines.chatterbox.decoder.shape import Shape, prepared
from worker.engines.chatterbox.decoder.step import Step
from worker.engines.chatterbox.member import HEAD_SIZE, STOP_SPEECH, Member
from worker.errors import EngineFailed

WORDLESS_STEP = 32
"""Inputs without words are computed so many at a time, whatever is asked for: sums over other shapes have other last
bits, and what is said must not depend on what was said in a voice before."""


@dataclass(slots=True, kw_only=True, eq=False)
class Slot:
    """An utterance under way."""

    rows: tuple[int, ...]
    """Its row of the batch; guided, also that of the same prompt without its text."""
    token_limit: int
    reach: int
    """Positions its rows hold once the next token is fed."""
    sampling: Sampling
    chance: torch.Generator
    """Where its tokens are drawn from, unless they are drawn of computed chance."""
    tokens: list[int] = field(default_factory=list)
    """What it has said so far, without start and stop."""
    end: Literal["spoken", "limit", "released"] | None = None
    """Why it ended; none while it is under way."""


class Decoder:
    """One member's T3 with a fixed number of rows, each with a fixed length. For one thread at a time."""

    def __init__(
        self,
        weights: Weights,
        member: Member,
        *,
        rows: int,
        length: int,
        device: str = "cpu",
        ahead: int = 0,
        precision: Precision = REFERENCE,
        graphs: bool = True,
    ) -> None:
        """`ahead` steps are under way before the first of them is read: a device is then never waited for.

        Without `graphs` a GPU is given every operation by itself, which is for measuring what they save.
        """
        self.ahead = ahead
        self._member = member
        self._device = torch.device(device)
        self._length = length
        self._counted = precision.counted
        self._step = step = Step.of(weights, member, rows=rows, length=length, device=self._device, precision=precision)
        self.embedding, self._state = step.embedding, step.state
        self._trunk, self._head = step.trunk, step.head
        recorded = graphs and self._device.type == "cuda"
        self._graphs = Graphs(step, Cuda(self._device), most=rows, guided=member.guided) if recorded else None
        self._free = list(range(rows))
        self._live: list[Slot] = []
        self._fresh: list[Slot] = []
        """Those that have not been fed yet."""
        self._ring = ring(step.state.tokens, ahead + 1)
        self._drawn: deque[tuple[Slot, ...]] = deque()
        """For each step whose tokens are on their way, whose they are."""

    @property
    def weight_bytes(self) -> int:
        """Bytes of weights that a step reads."""
        return self._trunk.weight_bytes + self._head.weight_bytes

    @property
    def free_rows(self) -> int:
        """Rows that no utterance holds."""
        return len(self._free)

    @torch.inference_mode()
    def opening(self, voice: Conditionals) -> Tensor:
        """What every row in a voice holds first: `[layer, position, key|value, head, 64]`; it may be kept."""
        inputs = self.embedding.opening(voice)
        nothing = inputs.new_empty(len(self._trunk.layers), 0, 2, inputs.shape[1] // HEAD_SIZE, HEAD_SIZE)
        (held,) = self._filled([(nothing, inputs)])
        return held

    @torch.inference_mode()
    def wordless(self, opening: Tensor, exaggeration: float, count: int, known: Tensor | None = None) -> Tensor:
        """What a row without words holds after `opening`, of `count` inputs and a few more; it may be kept.

        `known` is the same for fewer, which are then not computed again.

        Raises:
            EngineFailed: so many do not fit into a row.

        """
        known = opening[:, :0] if known is None else known
        room = self._length - opening.shape[1]
        if count > room:
            raise EngineFailed(f"Chatterbox: a prompt of {opening.shape[1] + count} is longer than a row")
        while known.shape[1] < count:
            end = min(known.shape[1] + WORDLESS_STEP, room)
            inputs = self.embedding.wordless(end, exaggeration=exaggeration)[known.shape[1] :]
            (more,) = self._filled([(torch.cat([opening, known], dim=1), inputs)])
            known = torch.cat([known, more], dim=1)
        return known

    @torch.inference_mode()
    def admit(self, prompt: Prompt, sampling: Sampling, *, seed: int, token_limit: int) -> Slot:
        """The slot of a new utterance, whose first token the next step draws.

        Raises:
            EngineFailed: no row is free, or prompt and tokens are longer than a row.

        """
        if prompt.rows > len(self._free):
            raise EngineFailed("Chatterbox: every row of the batch is taken")
        if prompt.length + token_limit + self.ahead > self._length:
            raise EngineFailed(f"Chatterbox: a prompt of {prompt.length} leaves no room for {token_limit} tokens")
        stretches = prompt.stretches()
        added = self._filled(stretches)
        slot = Slot(
            rows=tuple(heapq.heappop(self._free) for _ in range(prompt.rows)),
            token_limit=token_limit,
            reach=prompt.length + 1,
            sampling=sampling,
            chance=torch.Generator(self._device).manual_seed(seed),
        )
        for row, (held, _), more in zip(slot.rows, stretches, added, strict=True):
            self._step.attention.cache.put(row, 0, held)
            self._step.attention.cache.put(row, held.shape[1], more)
        self._state.seat(slot.rows, prompt.length, sampling, seed)
        self._live.append(slot)
        self._fresh.append(slot)
        return slot

    def _filled(self, stretches: Sequence[tuple[Tensor, Tensor]]) -> Sequence[Tensor]:
        """For each row, of which is held what comes first, keys and values of the inputs `[n, width]` that follow."""
        window = Prefill([held for held, _ in stretches], [len(inputs) for _, inputs in stretches])
        self._trunk(torch.cat([inputs for _, inputs in stretches])[None], window)
        return window.computed()

    @torch.inference_mode()
    def step(self) -> list[Slot]:
        """Draws a token for every slot; returns the slots that are known to have ended.

        A stop token ends any slot, also as its first token, which upstream's Turbo overlooks.
        """
        if self._live:
            self._next()
            self._ring.send(self._state.tokens)
            self._drawn.append(tuple(self._live))
        if self._drawn and (len(self._drawn) > self.ahead or not self._live):
            return self._told(self._drawn.popleft(), self._ring.read())
        return []

    @torch.inference_mode()
    def prepare(self) -> bool:
        """Makes ready one more kind of step while nothing is under way; false where there is nothing to make ready.

        It is not needed: what was not made ready is so from its first use on.
        """
        if self._graphs is None or self._live or self._step.attention.reach(1) is not None:
            return False
        shapes = prepared(most=len(self._state.tokens), guided=self._member.guided)
        shape = next((shape for shape in shapes if shape not in self._graphs), None)
        if shape is not None:
            self._graphs.prepare(shape)
        return shape is not None

    def release(self, slot: Slot) -> None:
        """Frees the slot's rows, at any time; once is enough, and more do no harm."""
        self._leave(slot, "released")

    def _next(self) -> None:
        """Every row up to the last that is taken is fed its token, and has the next one."""
        if not self._counted:
            for slot in self._live:
                self._state.noise[slot.rows[0]].exponential_(generator=slot.chance)
        (self._graphs or self._step)(self._shape())
        for slot in self._live:
            slot.reach += 1
        if not self._member.guided:
            for slot in self._fresh:
                self._state.forget_start(slot.rows[0])
        self._fresh.clear()

    def _shape(self) -> Shape:
        live = self._live
        return Shape(
            rows=1 + max(max(slot.rows) for slot in live),
            reach=self._step.attention.reach(max(slot.reach for slot in live)),
            guided=any(len(slot.rows) > 1 for slot in live),
            floored=any(slot.sampling.floors for slot in live),
            ranked=any(slot.sampling.ranks for slot in live),
        )

    def _told(self, slots: tuple[Slot, ...], tokens: list[int]) -> list[Slot]:
        """The slots that ended with these tokens; what was drawn for one that had ended before is nothing."""
        ended = []
        for slot in slots:
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
        if slot in self._fresh:
            self._fresh.remove(slot)
        self._state.clear(slot.rows)
        for row in slot.rows:
            heapq.heappush(self._free, row)
