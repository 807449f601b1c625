"""The state: all that a step knows of the rows and writes down for the next one, in tensors on the device."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields
from typing import Self

import torch
from torch import Tensor

from worker.engines.chatterbox.decoder import chance
from worker.engines.chatterbox.decoder.sampling import Sampling
from worker.engines.chatterbox.member import START_SPEECH

_NONE = -1.0
"""Less than any chance."""


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """One entry for every row, at a fixed address; nothing here is read by the host, so nothing waits."""

    tokens: Tensor
    """What the row is fed next, and after a step what was drawn for it: int64 `[rows]`."""
    positions: Tensor
    """Where that goes: int64 `[rows]`."""
    starts: Tensor
    """Where the row's start of speech went: int64 `[rows]`."""
    advance: Tensor
    """1 for a row that is taken, which goes on by one position with every step, else 0: int64 `[rows]`."""
    speaking: Tensor
    """The row whose token this one is fed: int64 `[rows]`."""
    compared: Tensor
    """The row that guides this one: int64 `[rows]`."""
    guidance: Tensor
    """How far from it: float32 `[rows, 1]`, as all that follows unless it says otherwise."""
    temperature: Tensor
    floor: Tensor
    """The least logit that min-p keeps, below the greatest."""
    outside: Tensor
    """The chance that top-p leaves out; below 0 where there is neither top-p nor top-k."""
    outranked: Tensor
    """How many tokens top-k leaves out: int64 `[rows, 1]`."""
    penalty: Tensor
    """For what was said before."""
    penalties: Tensor
    """The same for each token, 1 where it was not said: float32 `[rows, vocabulary]`."""
    keys: Tensor
    """Of its seed, for chance that is computed: int64 `[rows, 1]`."""
    noise: Tensor
    """Chance that is drawn, where it is: float32 `[rows, vocabulary]`."""

    @classmethod
    def empty(cls, *, rows: int, vocabulary: int, counted: bool, device: torch.device) -> Self:
        """The state of `rows` rows of which none is taken; `counted`, without noise."""

        def whole(width: int | None = None) -> Tensor:
            return torch.zeros(rows, *() if width is None else (width,), dtype=torch.long, device=device)

        def real(value: float = 0.0, width: int = 1) -> Tensor:
            return torch.full((rows, width), value, device=device)

        return cls(
            tokens=whole(),
            positions=whole(),
            starts=whole(),
            advance=whole(),
            speaking=torch.arange(rows, device=device),
            compared=torch.arange(rows, device=device),
            guidance=real(),
            temperature=real(1.0),
            floor=real(-math.inf),
            outside=real(_NONE),
            outranked=whole(1),
            penalty=real(1.0),
            penalties=real(1.0, vocabulary),
            keys=whole(1),
            noise=real(1.0, 0 if counted else vocabulary),
        )

    def first(self, rows: int) -> Self:
        """The same of the first `rows`, which shares their memory."""
        return type(self)(**{field.name: getattr(self, field.name)[:rows] for field in fields(self)})

    def seat(self, rows: tuple[int, ...], position: int, sampling: Sampling, seed: int) -> None:
        """Gives `rows` to an utterance that is fed its start of speech at `position`; the second guides the first."""
        said, unsaid = rows[0], rows[-1]
        for row in rows:
            self.tokens[row].fill_(START_SPEECH)
            self.positions[row].fill_(position)
            self.starts[row].fill_(position)
            self.advance[row].fill_(1)
            self.speaking[row].fill_(said)
        self.compared[said].fill_(unsaid)
        self.guidance[said].fill_(sampling.cfg_weight)
        self.temperature[said].fill_(sampling.temperature)
        self.floor[said].fill_(math.log(sampling.min_p) if sampling.floors else -math.inf)
        self.outside[said].fill_(1 - sampling.top_p if sampling.ranks else _NONE)
        vocabulary = self.penalties.shape[1]
        self.outranked[said].fill_(max(0, vocabulary - (sampling.top_k or vocabulary)))
        self.penalty[said].fill_(sampling.repetition_penalty)
        self.penalties[said].fill_(1.0)
        self.keys[said].fill_(chance.key(seed))

    def forget_start(self, row: int) -> None:
        """Lets `row` say its start of speech without a penalty, unless it does before the next step."""
        self.penalties[row, START_SPEECH].fill_(1.0)

    def clear(self, rows: tuple[int, ...]) -> None:
        """Takes `rows` back: what a step does with them from here on reaches nobody."""
        for row in rows:
            for field in (self.tokens, self.positions, self.starts, self.advance, self.guidance):
                field[row].fill_(0)
            self.speaking[row].fill_(row)
            self.compared[row].fill_(row)
            self.outside[row].fill_(_NONE)
            self.outranked[row].fill_(0)
            self.temperature[row].fill_(1.0)
            self.floor[row].fill_(-math.inf)
            self.penalty[row].fill_(1.0)
