"""Chapters by the headings that a document marks as such."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from worker.documents.document import Chapter, joined
from worker.documents.headings import is_part
from worker.documents.markup.page import Block


@dataclass(frozen=True, slots=True, kw_only=True)
class Outline:
    """The chapters, and the heading above them all."""

    title: str | None
    chapters: tuple[Chapter, ...]


def outline_of(blocks: Sequence[Block]) -> Outline:
    """One chapter for each heading of the highest level that occurs at least twice, else a single one.

    What stands before the first of them is a chapter of its own if it is more than headings. A level that occurs
    once, above that, is the title.
    """
    counts = Counter(block.level for block in blocks if block.level)
    level = min((level for level, count in counts.items() if count > 1), default=0)
    above = [
        block.text
        for block in blocks
        if block.level and counts[block.level] == 1 and (block.level < level or not level)
    ]
    title = above[0] if above and min(counts) == _level_of(blocks, above[0]) else None
    starts = [index for index, block in enumerate(blocks) if level and block.level == level]
    return Outline(title=title, chapters=_chapters(blocks, starts, title))


def chapters_at(blocks: Sequence[Block], starts: Mapping[int, str]) -> tuple[Chapter, ...]:
    """The chapters that begin at the blocks of `starts`, in order, with the titles given there.

    What stands before the first is a chapter without a title. One that is headings alone, such as a part's page,
    is said as the next one begins.
    """
    chapters: list[Chapter] = []
    ends = [*starts, len(blocks)][1:]
    begin = next(iter(starts), len(blocks))
    if lead := joined(block.text for block in blocks[:begin]):
        chapters.append(Chapter(title=None, text=lead))
    for (start, title), end in zip(starts.items(), ends, strict=True):
        if end < len(blocks) and all(block.level for block in blocks[start:end]):
            continue
        chapters.append(Chapter(title=title, text=joined(block.text for block in blocks[begin:end])))
        begin = end
    return tuple(chapters)


def chapter_lines(lines: Sequence[tuple[str, int]]) -> list[int]:
    """Which lines of a table of contents, each a label and a depth, begin a chapter.

    Those of the highest depth that has at least two, and those right below lines that name a part.
    """
    counts = Counter(depth for _, depth in lines)
    level = min((depth for depth, count in counts.items() if count > 1), default=min(counts, default=0))
    found, in_part = [], False
    for index, (label, depth) in enumerate(lines):
        if depth <= level:
            in_part = is_part(label)
        if depth <= level or (in_part and depth == level + 1):
            found.append(index)
    return found


def _level_of(blocks: Sequence[Block], text: str) -> int:
    return next(block.level for block in blocks if block.text == text and block.level)


def _chapters(blocks: Sequence[Block], starts: Sequence[int], title: str | None) -> tuple[Chapter, ...]:
    lead = blocks[: starts[0]] if starts else blocks
    if starts and all(block.level for block in lead):
        # Headings alone in front, such as the title, are said as the first chapter begins.
        begins = {0: blocks[starts[0]].text, **{start: blocks[start].text for start in starts[1:]}}
        return chapters_at(blocks, begins)
    chapters = chapters_at(blocks[len(lead) :], {start - len(lead): blocks[start].text for start in starts})
    return (Chapter(title=title, text=joined(block.text for block in lead)), *chapters)
