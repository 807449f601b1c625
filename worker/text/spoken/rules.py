"""All rules of a language, in the order they apply."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from worker.text.spoken import (
    abbreviations,
    addresses,
    dates,
    fraction_rules,
    measures,
    money,
    ordinals,
    quantities,
    telephone,
    times,
)
from worker.text.spoken.language import Language
from worker.text.spoken.rule import Rule

# A rule sees what the rules before it left: an address is gone before its dots could be decimals, a date
# before its dashes could be minus signs, and every number with a meaning before the plain numbers.
_ORDER: tuple[Callable[[Language], Iterator[Rule]], ...] = (
    quantities.digit_rules,
    addresses.rules,
    abbreviations.rules,
    dates.rules,
    times.rules,
    telephone.rules,
    quantities.sign_rules,
    money.rules,
    measures.rules,
    ordinals.rules,
    dates.year_rules,
    fraction_rules.rules,
    quantities.symbol_rules,
    quantities.number_rules,
)


def rules_of(language: Language) -> tuple[Rule, ...]:
    """The rules to apply one after the other."""
    return tuple(rule for stage in _ORDER for rule in stage(language))
