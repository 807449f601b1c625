"""The ring: tokens come to the host some steps after they were drawn, through memory that is used again."""

from __future__ import annotations

from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor


class Ring(Protocol):
    """Places for the tokens of steps, filled and read in the same order."""

    def send(self, tokens: Tensor) -> None:
        """Sends `tokens` `[rows]`, which may change from here on, without waiting."""

    def read(self) -> list[int]:
        """The tokens sent first of those not read, by row, once they are there."""


def ring(tokens: Tensor, places: int) -> Ring:
    """One of `places` steps, for tokens like `tokens`."""
    return PinnedRing(tokens, places) if tokens.is_cuda else HostRing(tokens, places)


class HostRing:
    """Where tokens are drawn on the host itself."""

    def __init__(self, tokens: Tensor, places: int) -> None:
        memory = tokens.new_zeros(places, len(tokens))
        self._places, self._seen = memory.unbind(), memory.numpy()
        self._sent = self._read = 0

    def send(self, tokens: Tensor) -> None:
        """Keeps them."""
        self._places[self._sent % len(self._places)].copy_(tokens)
        self._sent += 1

    def read(self) -> list[int]:
        """At once."""
        self._read += 1
        return _row(self._seen, self._read - 1)


class PinnedRing:
    """From a GPU, on a stream of its own into memory that stays where it is."""

    def __init__(self, tokens: Tensor, places: int) -> None:
        self._drawn = tokens.new_zeros(places, len(tokens)).unbind()
        memory = torch.zeros(places, len(tokens), dtype=tokens.dtype, pin_memory=True)
        self._there, self._seen = memory.unbind(), memory.numpy()
        self._stream = torch.cuda.Stream(tokens.device)  # type: ignore[no-untyped-call]  # torch does not type it
        self._left, self._arrived = ([torch.cuda.Event() for _ in self._drawn] for _ in range(2))  # type: ignore[no-untyped-call]  # torch does not type it
        self._sent = self._read = 0

    def send(self, tokens: Tensor) -> None:
        """A copy on the device first, so that the next step need not wait for the way to the host."""
        place = self._sent % len(self._drawn)
        self._drawn[place].copy_(tokens)
        self._left[place].record()
        with torch.cuda.stream(self._stream):
            self._left[place].wait()
            self._there[place].copy_(self._drawn[place], non_blocking=True)
            self._arrived[place].record()
        self._sent += 1

    def read(self) -> list[int]:
        """Waits for the copy, not for the steps after it."""
        self._arrived[self._read % len(self._arrived)].synchronize()
        self._read += 1
        return _row(self._seen, self._read - 1)


def _row(seen: NDArray[np.int64], count: int) -> list[int]:
    """Of a ring's memory `[places, rows]`, which is no operation of torch."""
    row: list[int] = seen[count % len(seen)].tolist()
    return row
