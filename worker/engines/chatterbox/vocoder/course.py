"""Courses: computations over rows that come piece by piece, which say what no later row can change."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from worker.engines.chatterbox.vocoder.convolution import Convolution


class Course:
    """A convolution under way over the rows of one utterance. It keeps those that later results hear, too."""

    def __init__(self, convolution: Convolution) -> None:
        self._convolution = convolution
        self._held: Tensor | None = None

    def push(self, rows: Tensor, *, last: bool, onto: Tensor | None = None) -> Tensor:
        """The results that `rows` `[n, in]` complete: `[m, out]`, the first m rows of `onto` added if given."""
        of = self._convolution
        if rows.dtype != of.computed:
            rows = rows.to(of.computed)
        if last and self._held is None and of.before == of.after:
            return of.product(rows, of.before, onto)
        joined = self._joined(rows, of.after if last else 0)
        count = of.count(len(joined))
        if not last:
            self._held = joined[count * of.stride :].clone() if count else joined
        if not count:
            return joined.new_empty(0, of.outputs)
        return of.product(joined, 0, None if onto is None else onto[:count])

    def _joined(self, rows: Tensor, after: int) -> Tensor:
        if self._held is None:
            return functional.pad(rows, (0, 0, self._convolution.before, after))
        held = [self._held, rows]
        return torch.cat([*held, rows.new_zeros(after, rows.shape[1])] if after else held)


class Queue:
    """Rows that wait for others."""

    def __init__(self) -> None:
        self._left: Tensor | None = None

    def join(self, rows: Tensor) -> Tensor:
        """All that wait, `rows` behind them."""
        return rows if self._left is None else torch.cat([self._left, rows])

    def keep(self, joined: Tensor, taken: int) -> None:
        """Lets all of `joined` but the first `taken` wait."""
        self._left = joined[taken:].clone() if len(joined) > taken else None


class Meeting:
    """Rows of several courses over the same times, of which some are behind."""

    def __init__(self, courses: int) -> None:
        self._queues = [Queue() for _ in range(courses)]

    def push(self, *given: Tensor) -> list[Tensor]:
        """Of each course as many rows as all have brought; the others wait."""
        joined = [queue.join(rows) for queue, rows in zip(self._queues, given, strict=True)]
        count = min(len(rows) for rows in joined)
        for queue, rows in zip(self._queues, joined, strict=True):
            queue.keep(rows, count)
        return [rows[:count] for rows in joined]
