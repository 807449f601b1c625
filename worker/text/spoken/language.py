"""What the rules need to know about one language: its words, its marks and the few places where its grammar bends."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol


class Numbers(Protocol):
    """Spells whole numbers from 0 to 10^15 − 1."""

    def cardinal(self, value: int) -> str:
        """How many."""

    def ordinal(self, value: int) -> str:
        """Which in a row, in the form the dictionary lists."""

    def year(self, value: int) -> str:
        """A year of the calendar."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Noun:
    """A thing that is counted."""

    one: str
    many: str
    feminine: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Money:
    """A currency and its hundredth; without one, decimals are read out."""

    unit: Noun
    cent: Noun | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Fraction:
    """A vulgar fraction by itself, and as it is joined to the whole number before it."""

    alone: str
    after: str


def nouns(table: Mapping[str, str]) -> dict[str, Noun]:
    """Nouns by written sign; a row is `"signs apart by spaces": "one|many|f"`, `many` and `f`eminine where needed."""
    return {sign: _noun(row) for signs, row in table.items() for sign in signs.split()}


def moneys(table: Mapping[str, str]) -> dict[str, Money]:
    """Currencies by written sign; a row is `"signs": "unit; hundredth"`, each as in `nouns`."""
    return {sign: _money(row) for signs, row in table.items() for sign in signs.split()}


def fractions(table: Mapping[str, str]) -> dict[str, Fraction]:
    """Fractions by their digits; a row is `"1/2": "alone;after a whole number"`, blanks after the semicolon kept."""
    rows = {sign: row.partition(";") for sign, row in table.items()}
    return {sign: Fraction(alone=alone, after=after) for sign, (alone, _, after) in rows.items()}


def _noun(row: str) -> Noun:
    one, *more = row.split("|")
    return Noun(one=one, many=more[0] if more else one, feminine=more[1:] == ["f"])


def _money(row: str) -> Money:
    unit, _, cent = row.partition("; ")
    return Money(unit=_noun(unit), cent=_noun(cent) if cent else None)


def same(words: str, _: object) -> str:
    """The words as they are: the grammar of a language without agreement."""
    return words


@dataclass(frozen=True, slots=True, kw_only=True)
class Language:
    """One language as the rules see it; an empty table or word switches its rule off."""

    numbers: Numbers
    decimal_words: Mapping[str, str]
    """Decimal mark → how it is said."""
    group_marks: str
    """Every mark that may stand between thousands."""
    digitwise_fraction: bool = True
    """Whether decimals are said digit by digit rather than as a number."""
    minus: str

    agree: Callable[[str, bool], str] = same
    """A cardinal before a noun, given whether the noun is feminine."""
    singular_below_two: bool = False
    """Whether 1.5 takes the singular."""
    of_million: Callable[[str], str] = lambda noun: noun
    """The noun as it follows a million: `d'euros`."""
    magnitudes: Mapping[str, str] = field(default_factory=dict)
    """Written after an amount of money → spoken: `bn` → `billion`."""
    units: Mapping[str, Noun] = field(default_factory=dict)
    currencies: Mapping[str, Money] = field(default_factory=dict)
    cents_joiner: str = " "

    months: tuple[str, ...] = ()
    day_first: bool = True
    date: Callable[[Numbers, int, str, str], str] | None = None
    """Day and month in words, from the day, the month's name and the word before the date."""
    year_joiner: str = " "
    split_years: bool = False
    """Whether years are read otherwise than quantities."""
    year_cues: tuple[str, ...] = ()
    """Words that make the four digits after them a year."""
    decade: Callable[[str], str] | None = None

    clock: Callable[[Numbers, int, int, str], str] | None = None
    """A time of day in words, from hour, minute and `am`, `pm` or nothing."""
    hour_marks: str = ":"
    hour_words: tuple[str, ...] = ()
    """Written after a time and already said by `clock`."""

    ordinal_endings: Mapping[str, str] = field(default_factory=dict)
    """Ending written after digits → the form that `inflect` understands."""
    inflect: Callable[[str, str], str] = same
    """An ordinal in another form."""
    ordinal_cues: Mapping[str, str] = field(default_factory=dict)
    """Word before an ordinal written with a full stop → its form; German."""

    titles: Mapping[str, str] = field(default_factory=dict)
    """Before a name; a key that lacks its full stop is also written without."""
    numbered: Mapping[str, str] = field(default_factory=dict)
    """Before a number."""
    abbreviations: Mapping[str, str] = field(default_factory=dict)
    """Anywhere."""
    closing: frozenset[str] = frozenset()
    """Abbreviations that often end a sentence, whose full stop then stays."""
    roman_cues: tuple[str, ...] = ()
    """Words after which a Roman numeral is a number."""
    roman_ranked: tuple[str, ...] = ()
    """Words before which a Roman numeral with an ending is an ordinal."""

    fractions: Mapping[str, Fraction] = field(default_factory=dict)
    percent: Mapping[str, str] = field(default_factory=dict)
    symbols: Mapping[str, str] = field(default_factory=dict)
    web: Mapping[str, str] = field(default_factory=dict)
    """Marks in addresses → how they are said."""
    range_word: str = ""
