"""The lines of a page of a PDF, each with its place."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from pypdf import PageObject

_LIGATURES = str.maketrans({"ﬀ": "ff", "ﬁ": "fi", "ﬂ": "fl", "ﬃ": "ffi", "ﬄ": "ffl", "ﬅ": "st", "ﬆ": "st"})
_UPRIGHT = 0
_CHARACTER_EM = 0.5
"""The width of a character of prose, as a part of the font size."""
_COLUMN_EM = 8.0
"""How far right a column begins of the one before, at the least."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A line of text."""

    text: str
    page: int
    """Counted from 0."""
    x: float
    """Of its beginning, in points from the left."""
    y: float
    """Of its baseline, in points from the bottom."""
    size: float
    """Of its font, in points."""

    @property
    def end(self) -> float:
        """About where it ends, in points from the left."""
        return self.x + len(self.text) * self.size * _CHARACTER_EM


@dataclass(slots=True)
class _Fragments:
    """Collects what pypdf finds, a stretch of text at a time."""

    page: int
    lines: list[Line] = field(default_factory=list)
    broken: bool = True
    """Whether the last stretch ended its line."""

    def visit(self, text: str, outer: Any, inner: Any, font: Any, size: Any) -> None:  # noqa: ARG002  # called by pypdf, whose matrices and sizes are what the file has
        if not text.strip():
            self.broken = self.broken or "\n" in text
            return
        x, y, scale = _place(inner, outer)
        height = abs(float(size)) * scale or 1.0
        self.broken = self.broken or text.startswith("\n")
        for number, part in enumerate(text.strip("\n").split("\n")):
            if part.strip():
                self._add(part, x, y - number * height, height)
        self.broken = text.endswith("\n")

    def _add(self, text: str, x: float, y: float, size: float) -> None:
        last = self.lines[-1] if self.lines else None
        if last is None or self.broken or abs(last.y - y) > 0.5 * max(last.size, size):
            self.lines.append(Line(text=text, page=self.page, x=x, y=y, size=size))
        else:
            longer = len(text) > len(last.text)
            self.lines[-1] = Line(
                text=last.text + text, page=self.page, x=min(last.x, x), y=last.y, size=size if longer else last.size
            )
        self.broken = False


def lines_of(page: PageObject, number: int) -> list[Line]:
    """The upright lines of the page in the order they are drawn in."""
    fragments = _Fragments(page=number)
    page.extract_text(orientations=_UPRIGHT, visitor_text=fragments.visit)
    return [
        Line(text=" ".join(line.text.translate(_LIGATURES).split()), page=number, x=line.x, y=line.y, size=line.size)
        for line in fragments.lines
        if math.isfinite(line.x + line.y + line.size)
    ]


def in_reading_order(lines: Sequence[Line]) -> list[Line]:
    """The lines of a page from top to bottom, column after column.

    The order they are drawn in is right as long as it only goes down, or up to a column further right.
    """
    if all(_follows(line, after) for line, after in pairwise(lines)):
        return list(lines)
    gutter = _gutter(lines)
    return sorted(lines, key=lambda line: (line.x >= gutter, -line.y, line.x))


def _follows(line: Line, after: Line) -> bool:
    return after.y <= line.y + 0.5 * line.size or after.x >= line.x + _COLUMN_EM * line.size


def _gutter(lines: Sequence[Line]) -> float:
    """Where the second column begins, or infinity where there is one column."""
    rights = sorted({line.x for line in lines})
    for left, right in pairwise(rights):
        before = [line for line in lines if line.x < right]
        if right - left > _COLUMN_EM * lines[0].size and sum(line.end <= right for line in before) > 0.8 * len(before):
            return right
    return math.inf


def _place(inner: Sequence[float], outer: Sequence[float]) -> tuple[float, float, float]:
    """Where text begins, and how much its font is scaled: the text matrix within the page's."""
    a, b, c, d, e, f = (float(number) for number in outer)
    x, y = float(inner[4]), float(inner[5])
    up, across = float(inner[3]), float(inner[2])
    scale = math.hypot(across * a + up * c, across * b + up * d)
    return x * a + y * c + e, x * b + y * d + f, scale
