"""Abbreviations, and Roman numerals where a word before them makes them numbers."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from worker.text.spoken.language import Language
from worker.text.spoken.rule import Rule, any_of

_CAPITAL = "[A-ZÀ-ÖØ-Þ]"
_AND = "(?:&|and|et|y|und|e|ak)"
_SENTENCE_ENDS = re.compile(rf"[\"'”’»)]{{0,3}}(?: +[\"'“‘«(]{{0,3}}{_CAPITAL}| *$)")
_ROMAN = {"I": 1, "V": 5, "X": 10, "L": 50, "C": 100}


def rules(language: Language) -> Iterator[Rule]:
    """Titles before names, labels before numbers, the rest anywhere."""
    if language.titles:
        yield from _titles(language.titles)
    if language.numbered:
        written = any_of(language.numbered)
        yield Rule(re.compile(rf"(?<!\w){written}(?= ?[0-9])"), lambda match: f"{language.numbered[match.group()]} ")
    if language.abbreviations:
        yield Rule(re.compile(rf"(?<![\w.]){any_of(language.abbreviations)}(?!\w)"), _Anywhere(language))
    if language.roman_cues:
        cues = any_of(language.roman_cues)
        pattern = re.compile(rf"(?<!\w)(?P<cue>(?i:{cues})) (?P<roman>[IVXLC]{{1,8}})(?!\w)")
        yield Rule(pattern, lambda match: _say_roman(match, language))
    if language.roman_ranked:
        endings, nouns = any_of(language.ordinal_endings), any_of(language.roman_ranked)
        pattern = re.compile(rf"(?<!\w)(?P<roman>[IVXLC]{{1,8}}){endings}(?= {nouns}(?!\w))")
        yield Rule(pattern, lambda match: _say_rank(match, language))


def never_final(language: Language) -> frozenset[str]:
    """Abbreviations after which a sentence goes on, and the first parts of those with a space."""
    titles = {title if title.endswith(".") else f"{title}." for title in language.titles}
    rest = {part for written in language.abbreviations for part in (written, *written.split()[:-1])}
    return frozenset(titles | rest) - language.closing


def final_unless_number(language: Language) -> frozenset[str]:
    """Abbreviations after which a sentence goes on if a number follows."""
    return frozenset(language.numbered)


def _titles(titles: Mapping[str, str]) -> Iterator[Rule]:
    dotted = {title if title.endswith(".") else f"{title}." for title in titles}
    bare = {title for title in titles if not title.endswith(".")}
    # "M. et Mme Dupont", "Mr. & Mrs. Smith": the name comes after the second title.
    pattern = re.compile(rf"(?<![\w.])(?:{any_of(dotted)}(?= +(?:{_AND} )?{_CAPITAL})|{any_of(bare)}(?= +{_CAPITAL}))")

    def say(match: re.Match[str]) -> str:
        written = match.group()
        return titles.get(written) or titles[written.removesuffix(".")]

    yield Rule(pattern, say)


class _Anywhere:
    def __init__(self, language: Language) -> None:
        self._language = language

    def __call__(self, match: re.Match[str]) -> str:
        written = match.group()
        words = self._language.abbreviations[written]
        rest = match.string[match.end() : match.end() + 16]
        ends_text = not match.string[match.end() :].strip() if len(rest) < 16 else False  # noqa: PLR2004 — as above
        closes = written in self._language.closing and _SENTENCE_ENDS.match(rest)
        return f"{words}." if written.endswith(".") and (closes or ends_text) else words


def _say_roman(match: re.Match[str], language: Language) -> str | None:
    value = _from_roman(match["roman"])
    return None if value is None else f"{match['cue']} {language.numbers.cardinal(value)}"


def _say_rank(match: re.Match[str], language: Language) -> str | None:
    value = _from_roman(match["roman"])
    return None if value is None else language.numbers.ordinal(value)


def _from_roman(letters: str) -> int | None:
    values = [_ROMAN[letter] for letter in letters]
    following = [*values[1:], 0]
    total = sum(-value if value < after else value for value, after in zip(values, following, strict=True))
    return total if _to_roman(total) == letters else None


def _to_roman(value: int) -> str:
    steps = ((100, "C"), (90, "XC"), (50, "L"), (40, "XL"), (10, "X"), (9, "IX"), (5, "V"), (4, "IV"), (1, "I"))
    letters = []
    for size, letter in steps:
        count, value = divmod(value, size)
        letters.append(letter * count)
    return "".join(letters)
