"""Where a text may be cut: between paragraphs, sentences, clauses, words, and at last between characters."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import cache

import sentencex

from worker.text.markdown import is_block_line
from worker.text.spoken.abbreviations import final_unless_number, never_final
from worker.text.spoken.catalog import language_of, variety_of

_LINE = re.compile("[^\n\r\u2028\u2029]*+(?:\r\n|[\n\r\u2028\u2029]|$)")
_CLAUSE_END = re.compile("[;:,…—–][\"'”’»)\\]]{0,3}\\s+|[、，；：،؛]\\s*")
_INITIAL = re.compile(r"(?<!\w)[A-ZÀ-ÖØ-Þ]\.\Z")
_ENDS_FULL_WIDTH = frozenset("。！？｡．…।॥۔؟\"'”’»」』）)】")
_WINDOW_CHARS = 4000
"""sentencex is quadratic in texts that are not ASCII, so it sees them in windows."""
_LONGEST_ABBREVIATION = 16
_LONGEST_CLUSTER = 64
_JOINER = "\u200d"
_SKIN_TONES = ("\U0001f3fb", "\U0001f3ff")


def paragraph_starts(text: str) -> list[int]:
    """Where paragraphs begin, but for the first: after a blank line, and around headings, list items and table rows."""
    starts = []
    blank_before, block_before = False, False
    for line in _LINE.finditer(text):
        written = line.group().rstrip()
        if not written:
            blank_before = True
            continue
        block = is_block_line(written)
        continues_item = block_before and not block and written[0].isspace()
        if line.start() and (blank_before or block or (block_before and not continues_item)):
            starts.append(line.start())
        blank_before, block_before = False, block or continues_item
    return starts


def sentence_ends(text: str, language: str) -> Iterator[int]:
    """Where sentences end, white space after them included; the end of the text is not one."""
    variety = variety_of(language)
    unfinished = _unfinished(variety) if variety else frozenset()
    labels = _labels(variety) if variety else frozenset()
    primary = language.replace("_", "-").split("-", 1)[0].lower()
    primary = primary if primary.isascii() else ""
    for end in _raw_sentence_ends(text, primary):
        before = text[max(0, end - _LONGEST_ABBREVIATION - 8) : end].rstrip()
        following = labels if text[end].isdigit() else frozenset()
        if before and not _goes_on(before, text[end - 1], unfinished | following):
            yield end


def clause_end(text: str, start: int, end: int) -> int:
    """The last cut after a clause in `start`…`end`, or `start` if there is none."""
    cut = start
    for match in _CLAUSE_END.finditer(text, start, end):
        if match.end() < end or not text[end : end + 1].isspace():
            cut = match.end()
    return cut


def word_end(text: str, start: int, end: int) -> int:
    """The last cut before a word in `start`…`end`, or `start` if there is none."""
    for cut in range(end, start, -1):
        if text[cut - 1].isspace() and not text[cut : cut + 1].isspace():
            return cut
    return start


def character_end(text: str, start: int, end: int) -> int:
    """`end`, or a little before it if a letter with its marks would be cut there."""
    for cut in range(end, max(start, end - _LONGEST_CLUSTER), -1):
        if not _joins(text[cut - 1], text[cut : cut + 1]):
            return cut
    return end


@cache
def _unfinished(variety: str) -> frozenset[str]:
    return never_final(language_of(variety))


@cache
def _labels(variety: str) -> frozenset[str]:
    return final_unless_number(language_of(variety))


def _raw_sentence_ends(text: str, language: str) -> Iterator[int]:
    position = 0
    while position < len(text):
        window = text[position : position + _WINDOW_CHARS]
        at_end = position + len(window) == len(text)
        segments = sentencex.segment(language, window)
        # The last sentence of a window may go on in the next one, which then begins with it.
        for segment in segments if at_end or len(segments) == 1 else segments[:-1]:
            position += len(segment)
            if position < len(text) and (at_end or len(segments) > 1):
                yield position


def _goes_on(before: str, last: str, unfinished: frozenset[str]) -> bool:
    """Whether the sentence does not end here after all."""
    if not last.isspace() and last not in _ENDS_FULL_WIDTH:
        return True
    if not before.endswith("."):
        return False
    word = before.rsplit(maxsplit=1)[-1].lstrip("([{\"'“‘«„")
    spaced = " ".join(before.split()[-2:])
    return word in unfinished or spaced in unfinished or _INITIAL.search(word) is not None


def _joins(left: str, right: str) -> bool:
    if not right:
        return False
    return (
        unicodedata.category(right)[0] == "M"
        or _JOINER in (left, right)
        or _SKIN_TONES[0] <= right <= _SKIN_TONES[1]
        or (left == "\r" and right == "\n")
        or ("\ud800" <= left <= "\udbff" and "\udc00" <= right <= "\udfff")
    )
