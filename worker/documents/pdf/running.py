"""Running headers, footers and page numbers, which stand on most pages and are not read."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from typing import TypeVar

from worker.documents.headings import is_heading
from worker.documents.pdf.line import Line

_DIGITS = re.compile(r"[0-9]+")
_ROMAN = re.compile(r"\W*[ivxlc]{1,7}\W*", re.IGNORECASE)
_NUMBER_ALONE = re.compile(r"\W*#\W*")
_AT_END = re.compile(r"^\W*([0-9]{1,5})\b|\b([0-9]{1,5})\W*$")
_EDGE_LINES = 2
"""At the top and at the bottom of a page."""
_FEWEST_PAGES = 3
_FEWEST_NUMBERED_PAGES = 2
_GRID_POINTS = 3.0
"""How exactly a header keeps its height on the page."""

_Trait = TypeVar("_Trait", str, int, tuple[str, int], tuple[tuple[str, int], int])


def without_running_lines(pages: Sequence[Sequence[Line]]) -> list[list[Line]]:
    """The pages' lines without those at an edge that most pages have, whatever the numbers in them.

    Nor those with the page's number at their beginning or end, nor those that several pages have, such as the
    chapter's title, at a height where most pages have such a line.
    """
    running = _Running([_edges(lines) for lines in pages])
    return [
        [line for line in lines if not (line in edge and running.has(line))]
        for lines, edge in zip(pages, running.edges, strict=True)
    ]


class _Running:
    """What the edges of all pages have in common."""

    def __init__(self, edges: Sequence[Sequence[Line]]) -> None:
        self.edges = edges
        self._most = sum(1 for edge in edges if edge) / 2
        self._exactly = _pages_with(edges, lambda line: line.text)
        self._texts = _pages_with(edges, _key)
        self._places = _pages_with(edges, _place)
        repeated = [[line for line in edge if self._places[_place(line)] >= _FEWEST_PAGES] for edge in edges]
        self._heights = _pages_with(repeated, _height)
        offsets = Counter(offset for edge in edges for offset in {each for line in edge for each in _offsets(line)})
        self._offset, self._numbered = offsets.most_common(1)[0] if offsets else (0, 0)
        numbered = [[line for line in edge if self._offset in _offsets(line)] for edge in edges]
        self._numbered_heights = _pages_with(numbered, _height)

    def has(self, line: Line) -> bool:
        """Whether the line, one at an edge, is not part of the text."""
        if self._exactly[line.text] == 1 and is_heading(line.text):
            # Where each chapter has one page, its heading has the page's number at the header's height.
            return False
        fewest = _FEWEST_NUMBERED_PAGES if _NUMBER_ALONE.fullmatch(_key(line)[0]) else _FEWEST_PAGES
        if self._texts[_key(line)] >= fewest and self._texts[_key(line)] > self._most:
            return True
        if self._numbered >= _FEWEST_PAGES and self._numbered > self._most and self._offset in _offsets(line):
            # A chapter's heading has a number too, but its height is not that of the header.
            return bool(_NUMBER_ALONE.fullmatch(_key(line)[0])) or self._numbered_heights[_height(line)] > self._most
        return self._places[_place(line)] >= _FEWEST_PAGES and self._heights[_height(line)] > self._most


def _pages_with(edges: Sequence[Sequence[Line]], trait: Callable[[Line], _Trait]) -> Counter[_Trait]:
    """On how many pages a line at an edge has which trait."""
    return Counter(each for edge in edges for each in set(map(trait, edge)))


def _edges(lines: Sequence[Line]) -> list[Line]:
    down = sorted(lines, key=lambda line: -line.y)
    return down if len(down) <= 2 * _EDGE_LINES else down[:_EDGE_LINES] + down[-_EDGE_LINES:]


def _key(line: Line) -> tuple[str, int]:
    """Its text but for numbers, and its size: a title may say what a header says."""
    text = "#" if _ROMAN.fullmatch(line.text) else line.text
    return _DIGITS.sub("#", text).casefold(), round(line.size)


def _height(line: Line) -> int:
    return round(line.y / _GRID_POINTS)


def _place(line: Line) -> tuple[tuple[str, int], int]:
    return _key(line), _height(line)


def _offsets(line: Line) -> set[int]:
    """How far numbers at its beginning and end are from the count of pages."""
    return {int(first or last) - line.page for first, last in _AT_END.findall(line.text)}
