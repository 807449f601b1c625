"""Times of day."""

from __future__ import annotations

import re
from collections.abc import Iterator

from worker.text.spoken.amounts import read_amount, say_counted
from worker.text.spoken.language import Language
from worker.text.spoken.rule import Rule, any_of

_HALF = r"(?P<half>[AaPp](?:[Mm]|\.[Mm])\.?)"
_LAST_HOUR = 24


def rules(language: Language) -> Iterator[Rule]:
    """Times with minutes, then bare hours."""
    if language.clock is None:
        return

    def say(match: re.Match[str]) -> str | None:
        hour, minute = int(match["hour"]), int(match.groupdict().get("minute") or 0)
        if hour > _LAST_HOUR or language.clock is None:
            return None
        half = (match.groupdict().get("half") or "").replace(".", "").lower()
        words = language.clock(language.numbers, hour, minute, half)
        if seconds := match.groupdict().get("second"):
            words = f"{words} {say_counted(read_amount(str(int(seconds)), language), language.units['s'], language)}"
        return words + _stop_kept(match, words)

    swallowed = rf"(?: ?{any_of(language.hour_words)}(?!\w))?+" if language.hour_words else ""
    letters = "".join(mark for mark in language.hour_marks if mark.isalpha())
    marks = f"(?::| ?[{letters}]\\.? ?)" if letters else ":"
    minutes = r"(?P<minute>[0-5][0-9])(?::(?P<second>[0-5][0-9]))?"
    start, end = r"(?<![\w:.,/-])(?P<hour>[0-2]?[0-9])", r"(?!\w|[:.,/-][0-9])"
    yield Rule(re.compile(rf"{start}{marks}{minutes}(?: ?{_HALF})?+{swallowed}{end}"), say)
    if "." in language.hour_marks:
        yield Rule(re.compile(rf"{start}\.{minutes} {any_of(language.hour_words)}{end}"), say)
    yield Rule(re.compile(rf"{start} ?{_HALF}{end}"), say)
    if letters or "." in language.hour_marks:
        words = any_of([*language.hour_words, *letters])
        yield Rule(re.compile(rf"{start} ?{words}{end}"), say)


def _stop_kept(match: re.Match[str], words: str) -> str:
    """The full stop of `3 pm.` or of a final `3 p.m.`, unless the words bring their own."""
    written = match.group()
    ends_text = match.end() == len(match.string)
    stops = written.endswith(".") and ("." not in written[-3:-1] or ends_text)
    return "." if stops and not words.endswith(".") else ""
