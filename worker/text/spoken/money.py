"""Amounts of money, with the sign before or after."""

from __future__ import annotations

import re
from collections.abc import Iterator

from worker.text.spoken.amounts import NOT_IN_NUMBER, amount_pattern, read_amount, say_amount, say_counted
from worker.text.spoken.language import Language, Money
from worker.text.spoken.rule import Rule, any_of

_CENT_DIGITS = 2


def rules(language: Language) -> Iterator[Rule]:
    """`$5` before `5 $`, so that a sign between two amounts belongs to the second."""
    if not language.currencies:
        return
    amount = rf"{NOT_IN_NUMBER}(?P<amount>{amount_pattern(language)})"
    magnitude = rf"(?: ?(?P<magnitude>{any_of(language.magnitudes)})(?!\w))?+"
    sign = rf"(?P<sign>{any_of(language.currencies)})"

    def say(match: re.Match[str]) -> str:
        return _say(match["amount"], match["magnitude"], language.currencies[match["sign"]], language)

    yield Rule(re.compile(rf"(?<!\w){sign} ?{amount}{magnitude}"), say)
    yield Rule(re.compile(rf"(?<![\w.,]){amount}{magnitude} ?{sign}(?!\w)"), say)


def _say(written: str, magnitude: str | None, money: Money, language: Language) -> str:
    amount = read_amount(written, language)
    if magnitude:
        noun = language.of_million(money.unit.many)
        # A million is itself counted: "un millón", "eine Million".
        words = (
            say_amount(amount, language)
            if amount.fraction
            else language.agree(say_amount(amount, language), magnitude.endswith(("llion", "lliarde")))
        )
        return f"{words} {language.magnitudes[magnitude]} {noun}"
    if money.cent is None or len(amount.fraction) != _CENT_DIGITS:
        return say_counted(amount, money.unit, language)
    cents = read_amount(amount.fraction.lstrip("0") or "0", language)
    units = read_amount(written[: -_CENT_DIGITS - 1], language)
    if cents.whole == "0":
        return say_counted(units, money.unit, language)
    if units.whole == "0":
        return say_counted(cents, money.cent, language)
    return say_counted(units, money.unit, language) + language.cents_joiner + say_counted(cents, money.cent, language)
