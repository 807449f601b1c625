"""Percentages, and amounts with a unit."""

from __future__ import annotations

import re
from collections.abc import Iterator

from worker.text.spoken.amounts import NOT_IN_NUMBER, amount_pattern, read_amount, say_counted
from worker.text.spoken.language import Language, Noun
from worker.text.spoken.rule import Rule, any_of


def rules(language: Language) -> Iterator[Rule]:
    """An amount, perhaps a space, and a sign that is not the start of a word."""
    percents = {sign: Noun(one=word, many=word) for sign, word in language.percent.items()}
    nouns = {**language.units, **percents}
    if not nouns:
        return
    amount = rf"{NOT_IN_NUMBER}(?P<amount>{amount_pattern(language)})"

    def say(match: re.Match[str]) -> str:
        return say_counted(read_amount(match["amount"], language), nouns[match["sign"]], language)

    yield Rule(re.compile(rf"{amount} ?(?P<sign>{any_of(nouns)})(?![\w²³°/])"), say)
