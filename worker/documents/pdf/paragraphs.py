"""Paragraphs from lines: by indents, gaps, sizes of type, and how sentences end."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

from worker.documents.markup.page import Block
from worker.documents.pdf.line import Line

_TERMINAL = re.compile(r"[.!?…:。！？][\"'”’»)\]]*$")
_BULLET = re.compile(r"(?:[•‣◦▪●■–]|[0-9]{1,3}[.)])\s")
_HYPHEN = re.compile(r"(?<=[^\W\d_])[-\u2010\xad]$")
_COMPOUND = re.compile(r"[^\W\d_]+-[^\W\d_]+")
_FIRST_WORD = re.compile(r"[^\W\d_]+")
_WIDE_GAP = 1.35
"""Times the usual distance of two lines."""
_USUAL_LEADING = 1.25
"""Times the size of type, where there are too few lines to measure."""
_INDENT_EM = 0.8
_SAME_SIZE = 0.1
_SHORT = 0.75
"""Of the length of the page's long lines."""
_HEADING_SIZE = 1.15
"""Times the size of the text."""
_LONGEST_HEADING = 120


@dataclass(frozen=True, slots=True, kw_only=True)
class Paragraph:
    """A paragraph and where it begins."""

    text: str
    page: int
    y: float
    size: float


@dataclass(frozen=True, slots=True, kw_only=True)
class _Setting:
    """How a page is set."""

    leading: float
    """The usual distance of two lines, in points."""
    long: float
    """Characters of a long line."""


def paragraphs_of(pages: Sequence[Sequence[Line]]) -> list[Paragraph]:
    """The paragraphs of all pages; one that goes on over a page's end is one."""
    compounds = {word.lower() for lines in pages for line in lines for word in _COMPOUND.findall(line.text)}
    paragraphs: list[list[Line]] = []
    last: Line | None = None
    for lines in pages:
        setting = _setting(lines)
        for line in lines:
            if last is None or _begins(last, line, setting):
                paragraphs.append([])
            paragraphs[-1].append(line)
            last = line
    return [
        Paragraph(text=_text(lines, compounds), page=lines[0].page, y=lines[0].y, size=lines[0].size)
        for lines in paragraphs
    ]


def blocks_of(paragraphs: Sequence[Paragraph]) -> list[Block]:
    """The paragraphs as blocks; what is short and in larger type than most is a heading, the largest the highest."""
    amounts: Counter[float] = Counter()
    for paragraph in paragraphs:
        amounts[round(paragraph.size)] += len(paragraph.text)
    body = amounts.most_common(1)[0][0] if amounts else 0.0
    heads = [_is_heading(paragraph, body) for paragraph in paragraphs]
    larger = sorted({round(each.size) for each, head in zip(paragraphs, heads, strict=True) if head}, reverse=True)
    return [
        Block(text=each.text, level=larger.index(round(each.size)) + 1 if head else 0)
        for each, head in zip(paragraphs, heads, strict=True)
    ]


def _is_heading(paragraph: Paragraph, body: float) -> bool:
    return paragraph.size > _HEADING_SIZE * body and len(paragraph.text) <= _LONGEST_HEADING


def _setting(lines: Sequence[Line]) -> _Setting:
    gaps = [line.y - after.y for line, after in pairwise(lines) if 0 < line.y - after.y < 3 * line.size]
    lengths = sorted(len(line.text) for line in lines)
    return _Setting(
        leading=median(gaps) if gaps else _USUAL_LEADING * lines[0].size if lines else 0.0,
        long=lengths[len(lengths) * 9 // 10] if lengths else 0,
    )


def _begins(last: Line, line: Line, setting: _Setting) -> bool:
    """Whether a paragraph begins with the line."""
    if abs(last.size - line.size) > _SAME_SIZE * max(last.size, line.size) or _BULLET.match(line.text):
        return True
    ended = _TERMINAL.search(last.text) is not None
    if last.page != line.page or line.y > last.y + 0.5 * line.size:
        return ended
    if last.y - line.y > _WIDE_GAP * setting.leading:
        return True
    indented = line.x - last.x > _INDENT_EM * line.size
    if indented and not _BULLET.match(last.text):
        return True
    return ended and len(last.text) < _SHORT * setting.long


def _text(lines: Sequence[Line], compounds: set[str]) -> str:
    text = lines[0].text
    for line in lines[1:]:
        text = _with_line(text, line.text, compounds)
    return text.replace("\xad", "")


def _with_line(text: str, line: str, compounds: set[str]) -> str:
    """The text and the next line; a divided word is one again, unless it has its hyphen within a line as well."""
    first = _FIRST_WORD.match(line)
    if not first or not first[0][0].islower() or not _HYPHEN.search(text):
        return f"{text} {line}"
    before = re.split(r"[^\w]", text[:-1][-40:])[-1]
    kept = f"{before}-{first[0]}".lower() in compounds
    return text + line if kept else text[:-1] + line
