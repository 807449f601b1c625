"""Shapes: of which kinds a step can be, of which there are to be few."""

from __future__ import annotations

from dataclasses import dataclass, replace

ROWS = (1, 2, 4, 8, 16, 24, 32, 48, 64, 96, 128)
"""Numbers of rows that steps are rounded up to, where each number costs memory and time to prepare."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """All that two steps of the same operations on the same memory share; what differs beyond it is in tensors."""

    rows: int
    """The first of all."""
    reach: int | None
    """Positions read, where all rows are read equally far."""
    guided: bool
    """Whether a row may be guided by another."""
    floored: bool
    """Whether a row may have min-p."""
    ranked: bool
    """Whether a row may have top-k or top-p."""

    def rounded(self, *, most: int, guided: bool) -> Shape:
        """A shape that does the same for these rows and is one of few, of `most` rows; `guided` is the member."""
        return replace(self, rows=rounded(self.rows, most), guided=guided, floored=guided)


def rounded(rows: int, most: int) -> int:
    """The least of `ROWS` that holds `rows`, but not above `most`."""
    return min(most, next((bucket for bucket in ROWS if bucket >= rows), most))


def prepared(*, most: int, guided: bool) -> list[Shape]:
    """The shapes that a member with its own defaults goes through, in the order in which they are worth preparing.

    The first is that of an utterance alone. They are of attention that knows no reach.
    """
    alone = rounded(2 if guided else 1, most)
    sizes = sorted({rounded(rows, most) for rows in range(1, most + 1)}, key=lambda rows: (rows != alone, rows))
    return [Shape(rows=rows, reach=None, guided=guided, floored=guided, ranked=not guided) for rows in sizes]
