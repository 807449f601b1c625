"""What is left of the numbers once every other rule has taken its own: ranges, versions, signs and plain numbers."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

from worker.text.spoken.amounts import NOT_IN_NUMBER, amount_pattern, read_amount, say_amount
from worker.text.spoken.language import Language
from worker.text.spoken.rule import Rule, any_of

_OTHER_DIGITS = re.compile(r"[^\D0-9]+")
_RANGE = re.compile(r"(?<![\w.,/-])(?P<low>[0-9]{1,4}) ?[–-] ?(?P<high>[0-9]{1,4})(?=[^\w.,/–-]|[.,](?![0-9])|$|°)")
_VERSION = re.compile(r"(?<![0-9.])[0-9]{1,4}(?:\.[0-9]{1,4}){2,5}(?!\.?[0-9])")
_MINUS = re.compile(r"(?<![\w)\]%°.,-])[-−](?=[0-9]|[^\w\s-][0-9])")


def digit_rules(_: Language) -> Iterator[Rule]:
    """Digits of other scripts as the digits every other rule knows."""
    yield Rule(_OTHER_DIGITS, lambda match: "".join(str(unicodedata.digit(digit)) for digit in match.group()))


def sign_rules(language: Language) -> Iterator[Rule]:
    """Ranges and minus signs, which look at digits that later rules take away."""
    if language.range_word:
        yield Rule(_RANGE, lambda match: _say_range(match, language))
    yield Rule(_MINUS, lambda _: f"{language.minus} ")


def number_rules(language: Language) -> Iterator[Rule]:
    """Versions, then plain numbers."""
    dot = language.decimal_words.get(".", "")
    if dot:
        yield Rule(_VERSION, lambda match: _say_version(match.group(), dot, language))
    amount = re.compile(NOT_IN_NUMBER + amount_pattern(language))
    yield Rule(amount, lambda match: say_amount(read_amount(match.group(), language), language))


def symbol_rules(language: Language) -> Iterator[Rule]:
    """Signs between words or numbers; a run of them, as in `==` or `C++`, is left alone."""
    if not language.symbols:
        return
    written = any_of(language.symbols)
    single = rf"(?<![&+=]){written}(?![&+=])"
    places = (
        rf" (?P<apart>{single})(?= )",
        rf"(?<=\w)(?P<inside>{single})(?=\w)",
        rf"(?P<before>{single})(?= ?[0-9])",
    )
    pattern = re.compile("|".join(places))

    def say(match: re.Match[str]) -> str:
        sign = match["apart"] or match["inside"] or match["before"]
        return f"{' ' if match['apart'] else ''}{language.symbols[sign]}{'' if match['apart'] else ' '}"

    yield Rule(pattern, say)


def _say_range(match: re.Match[str], language: Language) -> str | None:
    low, high = int(match["low"]), int(match["high"])
    if low >= high:
        return None
    return f"{match['low']} {language.range_word} {match['high']}"


def _say_version(written: str, dot: str, language: Language) -> str | None:
    if read_amount(written, language).grouped and re.fullmatch(amount_pattern(language), written):
        return None
    return f" {dot} ".join(language.numbers.cardinal(int(part)) for part in written.split("."))
