"""Vulgar fractions, as one character or as digits with a slash."""

from __future__ import annotations

import re
from collections.abc import Iterator

from worker.text.spoken.language import Language
from worker.text.spoken.rule import Rule, any_of

_CHARACTERS = {"½": "1/2", "⅓": "1/3", "⅔": "2/3", "¼": "1/4", "¾": "3/4", "⅛": "1/8"}


def rules(language: Language) -> Iterator[Rule]:
    """The fractions of the language's table, alone or after a whole number."""
    if not language.fractions:
        return
    digits = any_of(language.fractions)
    forms = rf"(?P<character>[{''.join(_CHARACTERS)}])|(?<![0-9])(?P<digits>{digits})"
    unit = rf"(?: ?(?P<unit>{any_of(language.units)}))?" if language.units else "(?P<unit>)"
    pattern = re.compile(rf"(?<![\w.,/])(?:(?P<whole>[1-9][0-9]{{0,5}}) ?)?(?:{forms}){unit}(?![\w/]|[.,][0-9])")

    def say(match: re.Match[str]) -> str | None:
        fraction = language.fractions.get(match["digits"] or _CHARACTERS[match["character"]])
        if fraction is None:
            return None
        noun = language.units.get(match["unit"] or "")
        if not match["whole"]:
            return f"{fraction.alone} {noun.one}" if noun else fraction.alone
        words = language.numbers.cardinal(int(match["whole"])) + fraction.after
        return f"{words} {noun.many}" if noun else words

    yield Rule(pattern, say)
