"""Frames of many clips one behind the other, and what each of them sees of its neighbours."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from typing import Self

import torch
from torch import Tensor

CAUSAL = (-2, -1, 0)
"""Where a causal convolution of three taps looks, from where it stands."""
AHEAD = (0, 1, 2, 3)
"""Where the encoder's first convolution does."""
WIDEST = 512
"""Channels of the widest frames that have neighbours."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Clip:
    """Where a clip's frames lie."""

    start: int
    stop: int

    @property
    def length(self) -> int:
        """How many they are."""
        return self.stop - self.start


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Frames:
    """The layout of tensors `[copies · frames of all clips, channels]`: all clips, and in a second copy all again."""

    lengths: tuple[int, ...]
    """Frames of each clip."""
    copies: int
    seen: Tensor
    """The row at each tap of each row, and the one behind all where a clip has none: int64 `[rows · taps]`."""
    taps: int
    ends: Tensor
    """Where each clip of each copy ends, and a 0 before: int32 `[copies · clips + 1]`."""
    nothing: Tensor = field(repr=False)
    """What is before a clip and behind it: zeros `[1, 512]`."""

    @classmethod
    def of(cls, lengths: Sequence[int], like: Tensor, taps: Sequence[int] = CAUSAL, copies: int = 1) -> Self:
        """Clips of so many frames; tensors are on the device of `like`, and what has neighbours is of its type."""
        return cls(
            lengths=tuple(lengths),
            copies=copies,
            seen=_seen([*lengths] * copies, taps).to(like.device, non_blocking=True),
            taps=len(taps),
            ends=torch.tensor([*accumulate([*lengths] * copies, initial=0)], dtype=torch.int32).to(like.device),
            nothing=like.new_zeros(1, WIDEST),
        )

    @property
    def total(self) -> int:
        """Frames of one copy of all clips."""
        return sum(self.lengths)

    def __iter__(self) -> Iterator[Clip]:
        """The clips, within one copy."""
        return (
            Clip(start=stop - length, stop=stop)
            for length, stop in zip(self.lengths, accumulate(self.lengths), strict=True)
        )

    def neighbours(self, given: Tensor) -> Tensor:
        """Each row of `given` `[rows, channels]` with all that it sees, tap by tap: `[rows, taps · channels]`."""
        channels = given.shape[-1]
        padded = torch.cat([given, self.nothing[:, :channels]])
        return padded.index_select(0, self.seen).view(-1, self.taps * channels)


def _seen(lengths: Sequence[int], taps: Sequence[int]) -> Tensor:
    counts, offsets = torch.tensor(lengths), torch.tensor(taps)
    ends = counts.cumsum(0).repeat_interleave(counts)[:, None]
    starts = ends - counts.repeat_interleave(counts)[:, None]
    rows = torch.arange(len(ends))[:, None] + offsets
    return torch.where((rows >= starts) & (rows < ends), rows, len(ends)).flatten()
