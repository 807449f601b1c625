"""Dates in digits, days beside the name of a month, and years."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from worker.text.spoken.language import Language
from worker.text.spoken.rule import Rule, any_of

_ISO = re.compile(r"(?<![\w.-])(?P<year>[0-9]{4})-(?P<month>[0-9]{2})-(?P<day>[0-9]{2})(?![\w-])")
_NUMERIC = re.compile(
    r"(?<![\w./-])(?P<first>[0-9]{1,2})(?P<mark>[./-])(?P<second>[0-9]{1,2})(?P=mark)(?P<year>[0-9]{4}|[0-9]{2})(?![\w/-])"
)
_YEAR = re.compile(r"(?<![\w.,:/+$€£¥#-])(?P<year>1[0-9]{3}|20[0-9]{2})(?![\w%°]|[.,:/-][0-9])")
_DECADE = re.compile(r"(?<![\w.,$€£¥-])(?:(?P<year>1[1-9][0-9]0|20[0-9]0)|['’](?P<short>[1-9]0))['’]?s(?!\w)")
_DAYS_IN_MONTH = 31
_MONTHS = 12
_CENTURY = 2000
_PIVOT = 70
"""Two digits from here on are of the twentieth century, as POSIX reads them."""
_EARLIEST_BARE_YEAR = 1900


def rules(language: Language) -> Iterator[Rule]:
    """Full dates before days; decades here, since `1990s` would pass for seconds."""
    if (decade := language.decade) is not None:
        yield Rule(_DECADE, lambda match: decade(language.numbers.year(int(match["year"] or match["short"]))))
    if language.date is not None:
        yield Rule(_ISO, lambda match: _say_date(match, int(match["day"]), int(match["month"]), language))
        yield Rule(_NUMERIC, lambda match: _say_numeric(match, language))
        yield from _days(language)


def year_rules(language: Language) -> Iterator[Rule]:
    """Years by themselves, where they are read otherwise than quantities."""
    if language.split_years:
        yield Rule(_YEAR, lambda match: _say_year(match, language))


def _say_numeric(match: re.Match[str], language: Language) -> str | None:
    day, month = int(match["first"]), int(match["second"])
    if match["mark"] != "/" and len(match["year"]) == 2:  # noqa: PLR2004 — "1.2.03" may as well be a version
        return None
    if (not language.day_first and match["mark"] != "." and day <= _MONTHS) or month > _MONTHS:
        day, month = month, day
    return _say_date(match, day, month, language)


def _say_date(match: re.Match[str], day: int, month: int, language: Language) -> str | None:
    if not (1 <= day <= _DAYS_IN_MONTH and 1 <= month <= _MONTHS) or language.date is None:
        return None
    year = int(match["year"])
    if len(match["year"]) == 2:  # noqa: PLR2004 — written without its century
        year += _CENTURY if year < _PIVOT else _CENTURY - 100
    words = language.date(language.numbers, day, language.months[month - 1], _word_before(match))
    return f"{words}{language.year_joiner}{language.numbers.year(year)}"


def _days(language: Language) -> Iterator[Rule]:
    """Only where a bare day is said otherwise than its number."""
    months = any_of(language.months)
    if language.split_years and not language.ordinal_cues:
        day = r"(?P<day>[0-9]{1,2})(?![\w:.-]?[0-9])"
        pattern = re.compile(rf"(?<!\w)(?P<month>{months}) {day}(?:,? (?P<year>[0-9]{{4}}))?(?!\w)")
        yield Rule(pattern, lambda match: _say_day_of_month(match, language))
    if language.ordinal_cues:
        pattern = re.compile(rf"(?<![\w.])(?P<day>[0-9]{{1,2}})\. ?(?P<month>{months})(?!\w)")
        yield Rule(pattern, _german_day(language))


def _say_day_of_month(match: re.Match[str], language: Language) -> str | None:
    day = int(match["day"])
    if not 1 <= day <= _DAYS_IN_MONTH:
        return None
    year = f", {language.numbers.year(int(match['year']))}" if match["year"] else ""
    return f"{match['month']} {language.numbers.ordinal(day)}{year}"


def _german_day(language: Language) -> Callable[[re.Match[str]], str | None]:
    def say(match: re.Match[str]) -> str | None:
        day = int(match["day"])
        if language.date is None or not 1 <= day <= _DAYS_IN_MONTH:
            return None
        return language.date(language.numbers, day, match["month"], _word_before(match))

    return say


def _say_year(match: re.Match[str], language: Language) -> str | None:
    year = int(match["year"])
    cued = _word_before(match).lower() in (*language.year_cues, *map(str.lower, language.months))
    return language.numbers.year(year) if cued or year >= _EARLIEST_BARE_YEAR else None


def _word_before(match: re.Match[str]) -> str:
    words = match.string[max(0, match.start() - 24) : match.start()].split()
    return words[-1].strip("(\"'“„«,") if words else ""
