"""Telephone numbers, said digit by digit with a breath between the groups."""

from __future__ import annotations

import re
from collections.abc import Iterator

from worker.text.spoken.amounts import say_digits
from worker.text.spoken.language import Language
from worker.text.spoken.rule import Rule

_FORMS = (
    r"\+[0-9]{1,3}(?:[ .-]?\(?[0-9]{1,4}\)?){2,6}",  # +1 (555) 123-4567, +509 3712-3456
    r"\([0-9]{3}\) ?[0-9]{3}[ .-][0-9]{4}",  # (555) 123-4567
    r"[0-9]{3}([.-])[0-9]{3}\1[0-9]{4}",  # 555-123-4567
    r"[0-9]{3}-[0-9]{4}",  # 555-1234
    r"0[0-9](?:[ .][0-9]{2}){4}",  # 06 12 34 56 78
    r"[0-9]{2} [0-9]{3} [0-9]{2} [0-9]{2}",  # 91 123 45 67
    r"0[0-9]{2,4}[ /-][0-9]{5,8}",  # 030 1234567
    r"(?!19|20)[2-9][0-9]{3}-[0-9]{4}",  # 3712-3456, not a range of years
)
_NUMBER = re.compile(r"(?<![\w.,/-])(?<![0-9] )(?:" + "|".join(_FORMS) + r")(?![\w/-]|[.,][0-9])")
_PLUS_DIGITS = (8, 15)
"""How many digits a number with a country code has (ITU-T E.164)."""


def rules(language: Language) -> Iterator[Rule]:
    """Only where the language has words for marks: elsewhere the engine reads the groups."""
    if not language.symbols:
        return

    def say(match: re.Match[str]) -> str | None:
        groups = re.findall("[0-9]+", match.group())
        digits = sum(map(len, groups))
        if match.group()[0] == "+" and not _PLUS_DIGITS[0] <= digits <= _PLUS_DIGITS[1]:
            return None
        spoken = ", ".join(say_digits(group, language) for group in groups)
        return f"{language.symbols['+']} {spoken}" if match.group()[0] == "+" else spoken

    yield Rule(_NUMBER, say)
