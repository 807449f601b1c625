"""The lexicon: how a caller wants words to be spoken, whatever the language makes of them."""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from itertools import groupby

from worker.errors import TextTooLong
from worker.text.passages import Passage

# Scripts that put no spaces between words, where a word may begin and end anywhere: Thai, Lao, Khmer, kana, Chinese
# characters; and Hangul, whose words take particles.
_UNSPACED = "\u0e00-\u0eff\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7a3\uf900-\ufaff"
_SPACED_LETTER = rf"[^\W_{_UNSPACED}]"
_JOINERS = "\u200c\u200d"
_LAST_MARK = 0x1E94B


@dataclass(frozen=True, slots=True, kw_only=True)
class _Edit:
    """A word and what stands for it."""

    start: int
    end: int
    """Where the new words stand, half open."""
    source_start: int
    source_end: int
    """Where the word stood."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rewriting:
    """A text in a caller's spelling, which knows where everything stood before."""

    text: str
    edits: tuple[_Edit, ...] = ()
    """In order."""

    def source_place(self, place: int) -> int:
        """The place of the source that a place of the text comes from; inside new words, the end of the old one."""
        if place == 0:
            return 0
        passed = bisect_right(self.edits, place, key=lambda edit: edit.end)
        if passed < len(self.edits) and self.edits[passed].start < place:
            return self.edits[passed].source_end
        last = self.edits[passed - 1] if passed else _Edit(start=0, end=0, source_start=0, source_end=0)
        return last.source_end + place - last.end

    def in_source(self, passage: Passage) -> Passage:
        """A passage of the text with its span in the source."""
        start, end = self.source_place(passage.start), self.source_place(passage.end)
        return replace(passage, start=start, end=end)


class Lexicon:
    """Words and what is said for each; whole words are found, the longest first, and none in what stands for another.

    A word in lower case stands for every case, one with a capital for itself alone.
    """

    def __init__(self, entries: Mapping[str, str], *, tags: Iterable[str] = ()) -> None:
        """`tags` are words that stay as they are in brackets, for an engine acts on them: `[laugh]`."""
        self._spoken = {_plain(word): said.strip() for word, said in entries.items()}
        self._pattern = _pattern_of(self._spoken, tags) if self._spoken else None

    def rewrite(self, source: str, *, limit_chars: int) -> Rewriting:
        """The source with its words replaced; pause and voice tags stay.

        Raises:
            TextTooLong: there would be more than `limit_chars` characters.

        """
        parts: list[str] = []
        edits: list[_Edit] = []
        read = written = 0
        for found in self._pattern.finditer(source) if self._pattern else ():
            said = self._said(found)
            if said is None:
                continue
            start = written + found.start() - read
            parts += [source[read : found.start()], said]
            read, written = found.end(), start + len(said)
            edits.append(_Edit(start=start, end=written, source_start=found.start(), source_end=read))
            _check(written, limit_chars)
        if edits:
            _check(written + len(source) - read, limit_chars)
        return Rewriting(text="".join([*parts, source[read:]]), edits=tuple(edits))

    def _said(self, found: re.Match[str]) -> str | None:
        """What is said for a match, apart from letters beside a sign it is said for: `R&D` is "R and D"."""
        word = _plain(found.group())
        said = self._spoken.get(word, self._spoken.get(word.lower()))
        if said is None:
            return None
        before = found.string[max(0, found.start() - 1) : found.start()]
        after = found.string[found.end() : found.end() + 1]
        return f"{' ' * _touch(before, said[:1])}{said}{' ' * _touch(said[-1:], after)}"


def _check(length: int, limit_chars: int) -> None:
    if length > limit_chars:
        raise TextTooLong(
            "with its lexicon the text is longer than this worker speaks in one request: "
            "shorten what the lexicon says, or split the text over several",
            field="lexicon",
        )


def _plain(word: str) -> str:
    """A word as words are compared: NFC, with single spaces."""
    return " ".join(unicodedata.normalize("NFC", word).split())


def _pattern_of(words: Iterable[str], tags: Iterable[str]) -> re.Pattern[str]:
    """Tags, and words that no letter of another word touches."""
    kept = "|".join([r"(?:pause|voice)\b[^\[\]\n]{0,99}", *map(re.escape, tags)])
    starts = rf"(?:(?!{_SPACED_LETTER})|(?<!{_SPACED_LETTER})(?<![{_marks(spaced=True)}]))"
    ends = rf"(?:(?<!{_SPACED_LETTER})|(?!{_SPACED_LETTER}))(?![{_marks(spaced=False)}])"
    written = "|".join(map(_written, sorted(words, key=len, reverse=True)))
    return re.compile(rf"(?i:\[(?:{kept})\])|{starts}(?:{written}){ends}")


def _written(word: str) -> str:
    """A word in either of its Unicode forms, with any white space."""
    forms = {word, unicodedata.normalize("NFD", word)}
    written = "|".join(r"\s+".join(map(re.escape, form.split())) for form in sorted(forms))
    return f"(?i:{written})" if word == word.lower() else written


def _is_spaced(character: str) -> bool:
    """Whether a character is of a word that others must not touch."""
    letter = character.isalnum() or unicodedata.category(character).startswith("M")
    return letter and not re.match(f"[{_UNSPACED}]", character)


def _touch(left: str, right: str) -> bool:
    return bool(left and right) and _is_spaced(left) and _is_spaced(right)


@cache
def _marks(*, spaced: bool) -> str:
    """Characters that belong to the letter before them, as ranges of a pattern; or those of spaced scripts alone."""
    unspaced = re.compile(f"[{_UNSPACED}]")
    marks = [
        code
        for code in range(0x300, _LAST_MARK)
        if unicodedata.category(chr(code)).startswith("M") and not (spaced and unspaced.match(chr(code)))
    ]
    return _JOINERS + "".join(_ranges(marks))


def _ranges(codes: Iterable[int]) -> Iterator[str]:
    for _, run in groupby(enumerate(codes), key=lambda each: each[1] - each[0]):
        numbers = [code for _, code in run]
        yield f"{chr(numbers[0])}-{chr(numbers[-1])}"
