"""Cuts a text into stretches that are short enough when spoken, at the best place within reach."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import Enum, auto
from itertools import pairwise

from worker.text.boundaries import character_end, clause_end, paragraph_starts, sentence_ends, word_end
from worker.text.markdown import link_spans

_BLANKS = re.compile(r"\s*+")
_SHORTEST_CLAUSE_SHARE = 4
"""A clause shorter than this share of the reach is no place to cut: engines stumble over a few words alone."""
_LONGEST_LINK_SHARE = 8
"""A link is kept whole up to this many reaches of source, most of which its address takes."""


class Kind(Enum):
    """What ends where a text is cut."""

    PARAGRAPH = auto()
    SENTENCE = auto()
    CLAUSE = auto()
    WORD = auto()


@dataclass(frozen=True, slots=True, kw_only=True)
class Cut:
    """A stretch of the text."""

    start: int
    end: int
    kind: Kind
    """What ends at `end`."""
    spoken: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Cutter:
    """Cuts one text; every character is spoken a bounded number of times on the way."""

    text: str
    language: str
    size: int
    """The longest spoken stretch, in characters."""
    say: Callable[[str], str]

    def cuts(self, forced: list[int]) -> Iterator[Cut]:
        """Stretches in order and without gaps, never across a place of `forced`, which ascends."""
        links = link_spans(self.text)
        starts = [0, *paragraph_starts(self.text), len(self.text)]
        for start, end in pairwise(starts):
            inside = forced[bisect_right(forced, start) : bisect_right(forced, end - 1)]
            paragraph = _Paragraph(cutter=self, ends=self._sentence_ends(start, end, links), links=links)
            for section_start, section_end in zip([start, *inside], [*inside, end], strict=True):
                kind = Kind.PARAGRAPH if section_end == end else paragraph.kind_at(section_end)
                yield from paragraph.stretches(section_start, section_end, kind, self.size)

    def _sentence_ends(self, start: int, end: int, links: list[tuple[int, int]]) -> list[int]:
        found = (start + offset for offset in sentence_ends(self.text[start:end], self.language))
        return [place for place in found if _link_around(links, place) is None]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Paragraph:
    cutter: Cutter
    ends: list[int]
    links: list[tuple[int, int]]

    def kind_at(self, place: int) -> Kind:
        """Whether a sentence ends at a place, or between the blanks around it."""
        position = bisect_right(self.ends, self._after_blanks(place))
        ends_there = position and self._after_blanks(self.ends[position - 1]) >= place
        return Kind.SENTENCE if ends_there else Kind.WORD

    def _after_blanks(self, place: int) -> int:
        blanks = _BLANKS.match(self.cutter.text, place)
        return blanks.end() if blanks else place

    def stretches(self, start: int, end: int, kind: Kind, reach: int) -> Iterator[Cut]:
        """`start`…`end` in stretches of at most `reach` characters of source, shorter where speaking lengthens them."""
        while start < end:
            stop, stop_kind = self._stop(start, end, kind, reach)
            spoken = self.cutter.say(self.cutter.text[start:stop]).strip()
            if len(spoken) <= self.cutter.size or stop - start == 1:
                yield Cut(start=start, end=stop, kind=stop_kind, spoken=spoken)
            else:
                yield from self.stretches(start, stop, stop_kind, self._shorter(stop - start, reach, len(spoken)))
            start = stop

    def _shorter(self, written: int, reach: int, spoken: int) -> int:
        """The next reach: first what should fit at the same rate of growth, then halves, so that tries stay few."""
        size = self.cutter.size
        share = written * size // spoken if reach == size else written // 2
        return max(1, min(size - 1, share))

    def _stop(self, start: int, end: int, kind: Kind, reach: int) -> tuple[int, Kind]:
        if end - start <= reach:
            return end, kind
        position = bisect_right(self.ends, start + reach)
        if position and self.ends[position - 1] > start:
            return self.ends[position - 1], Kind.SENTENCE
        clause = clause_end(self.cutter.text, start, start + reach)
        if clause - start >= reach / _SHORTEST_CLAUSE_SHARE and _link_around(self.links, clause) is None:
            return clause, Kind.CLAUSE
        stop = word_end(self.cutter.text, start, start + reach)
        if stop == start:
            stop = character_end(self.cutter.text, start, start + reach)
        return self._beside_link(start, stop, end, reach), Kind.WORD

    def _beside_link(self, start: int, stop: int, end: int, reach: int) -> int:
        link = _link_around(self.links, stop)
        if link is None:
            return stop
        if link[0] > start:
            return link[0]
        if reach < self.cutter.size or reach == 1:  # it was too long as a whole
            return stop
        return link[1] if link[1] <= min(end, start + reach * _LONGEST_LINK_SHARE) else stop


def _link_around(links: list[tuple[int, int]], place: int) -> tuple[int, int] | None:
    """The link that a cut would go through."""
    position = bisect_right(links, (place, 0)) - 1
    if position < 0:
        return None
    start, end = links[position]
    return (start, end) if start < place < end else None
