"""Chapter headings of a text that does not mark them: `Chapter 1`, `KAPITEL III. Die Reise`, `Epilogue`."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache

from worker.documents.document import Chapter, joined
from worker.documents.numerals import ROMAN, number_pattern, roman_value

_CHAPTER = "chapter|kapitel|chapitre|chapit|cap[íi]tulo|capitolo|chap\\.|kap\\.|cap\\.|canto|letter|lettre|brief"
_PART = "part|teil|partie|pati|parte|book|buch|livre|liv|libro|livro|volume|band|tome|act|akt|acte|acto|atto|ato"
_ALONE = (
    "prologue|epilogue|preface|foreword|introduction|afterword|conclusion|interlude|acknowledge?ments|appendix|"
    "prolog|epilog|vorwort|einleitung|nachwort|danksagung|anhang|zwischenspiel|"
    "épilogue|préface|avant-propos|postface|remerciements|annexe|"
    "prólogo|epílogo|prefacio|introducción|agradecimientos|conclusión|apéndice|"
    "prologo|epilogo|prefazione|introduzione|ringraziamenti|conclusione|appendice|"
    "prefácio|introdução|agradecimentos|conclusão|posfácio|apêndice|"
    "pwològ|epilòg|prefas|entwodiksyon|konklizyon"
)
_LONGEST = 100
_MOST_IN_A_ROW = 2
"""Headings with nothing between them; more are a table of contents."""
_FEWEST = 2


def is_heading(line: str) -> bool:
    """Whether a line that stands alone is a chapter's heading."""
    line = line.strip().strip("*_=~- ").strip()
    if not line or len(line) > _LONGEST:
        return False
    match = _worded().fullmatch(line)
    if match is None:
        return False
    title = match["title"]
    # A line of prose may begin like a heading: it goes on in small letters, or ends like a sentence.
    return not title or not (title[0].islower() or title[-1] in ",;." or ". " in title)


def is_part(line: str) -> bool:
    """Whether a heading names a part, which has chapters in it."""
    return bool(_part().match(line.strip()))


def chapters_of(paragraphs: Sequence[str]) -> tuple[Chapter, ...]:
    """Chapters by the headings among the paragraphs, where there are at least two; else one without a title.

    Without headings in words, Roman numerals alone that count up from one are taken.
    """
    starts = [index for index, paragraph in enumerate(paragraphs) if is_heading(paragraph.partition("\n")[0])]
    starts = _with_text(starts, paragraphs)
    if len(starts) < _FEWEST:
        starts = _numbered(paragraphs)
    if len(starts) < _FEWEST:
        return (Chapter(title=None, text=joined(paragraphs)),)
    begins = _with_headings_above(starts, paragraphs)
    ends = [*begins[1:], len(paragraphs)]
    lead = [Chapter(title=None, text=joined(paragraphs[: begins[0]]))] if begins[0] else []
    return tuple(
        lead
        + [
            Chapter(title=_title(paragraphs[start]), text=joined(paragraphs[begin:end]))
            for start, begin, end in zip(starts, begins, ends, strict=True)
        ]
    )


def _with_text(starts: Sequence[int], paragraphs: Sequence[str]) -> list[int]:
    """The headings that are followed by text: an entry of a table of contents is not, nor a part before its chapter."""
    headings = set(starts)
    return [
        start
        for start in starts
        if (start + 1 < len(paragraphs) and start + 1 not in headings) or "\n" in paragraphs[start]
    ]


def _with_headings_above(starts: Sequence[int], paragraphs: Sequence[str]) -> list[int]:
    """Where chapters begin: at their heading, or at the part's heading above it."""
    begins = []
    for start in starts:
        begin = start
        while begin and start - begin <= _MOST_IN_A_ROW and is_heading(paragraphs[begin - 1]):
            begin -= 1
        begins.append(start if start - begin > _MOST_IN_A_ROW else begin)
    return begins


def _numbered(paragraphs: Sequence[str]) -> list[int]:
    """Paragraphs that are I, II, III in this order, perhaps with a title: `II. The Red-Headed League`."""
    starts: list[int] = []
    for index, paragraph in enumerate(paragraphs):
        match = _numeral().fullmatch(paragraph.strip()) if len(paragraph) <= _LONGEST else None
        if match and roman_value(match["numeral"]) == len(starts) + 1:
            starts.append(index)
    return starts


def _title(paragraph: str) -> str:
    return paragraph.partition("\n")[0].strip().strip("*_=~- ").strip()


@cache
def _worded() -> re.Pattern[str]:
    number, division = number_pattern(), f"{_CHAPTER}|{_PART}"
    counted = rf"(?:(?:{division})\s+(?:the\s+)?(?:{number})|(?:{number})\.?\s+(?:{division}))"
    article = r"(?:the|la|le|el|il|der|das)\s+"
    title = r"\s*[.:—–|-]+\s*(?P<subtitle>\S.*?)|\s*[.:]|\s+(?P<title>\S.*)"
    return re.compile(rf"(?:(?:{article})?{counted}|{_ALONE})(?:{title})?", re.IGNORECASE)


@cache
def _part() -> re.Pattern[str]:
    return re.compile(rf"(?:{_PART})\s+(?:{number_pattern()})\b|(?:{number_pattern()})\s+(?:{_PART})\b", re.IGNORECASE)


@cache
def _numeral() -> re.Pattern[str]:
    return re.compile(rf"(?P<numeral>{ROMAN})(?:\.|[.:—–-]\s+\S[^\n]*)?")
