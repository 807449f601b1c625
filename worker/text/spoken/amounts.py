"""Amounts: digits with a language's marks, read into words."""

from __future__ import annotations

import re
from dataclasses import dataclass

from worker.text.spoken.language import Language, Noun

# num2words is exact to here; longer numbers, and bare runs of ten digits, are names rather than quantities.
_LONGEST_QUANTITY = 15
_LONGEST_BARE_QUANTITY = 9
_LONGEST_FRACTION_AS_NUMBER = 3
_MILLION = 10**6

NOT_IN_NUMBER = r"(?<![0-9])"
"""Keeps a pattern from starting inside digits, which also keeps long runs of digits linear."""


def amount_pattern(language: Language) -> str:
    """A pattern for an amount, without groups of its own."""
    grouped = "|".join(
        rf"[1-9][0-9]{{0,2}}(?:{re.escape(mark)}[0-9]{{3}}){{1,5}}(?![0-9])" for mark in language.group_marks
    )
    marks = "".join(map(re.escape, language.decimal_words))
    whole = rf"(?:{grouped}|[0-9]++)" if grouped else "[0-9]++"
    return rf"{whole}(?:[{marks}][0-9]++)?+"


@dataclass(frozen=True, slots=True, kw_only=True)
class Amount:
    """A number as written: digits without group marks."""

    whole: str
    grouped: bool
    mark: str
    fraction: str

    @property
    def quantity(self) -> int | None:
        """The whole part as a number; None where the digits are a name, such as a code or a telephone number."""
        longest = _LONGEST_QUANTITY if self.grouped else _LONGEST_BARE_QUANTITY
        if len(self.whole) > longest or (len(self.whole) > 1 and self.whole[0] == "0"):
            return None
        return int(self.whole)


def read_amount(written: str, language: Language) -> Amount:
    """The amount behind a match of `amount_pattern`."""
    marks = [index for index, character in enumerate(written) if not character.isdigit()]
    last = marks[-1] if marks else len(written)
    mark = written[last : last + 1]
    groups = marks and re.fullmatch(r"[1-9][0-9]{0,2}(?:[^0-9][0-9]{3})++", written) and mark in language.group_marks
    # "1,234" is grouped where the comma groups; "1 234,567" has a comma after another mark, so it is decimal there.
    if groups and len({written[index] for index in marks}) == 1:
        return Amount(whole=_digits(written), grouped=True, mark="", fraction="")
    if mark in language.decimal_words and mark:
        return Amount(whole=_digits(written[:last]), grouped=len(marks) > 1, mark=mark, fraction=written[last + 1 :])
    return Amount(whole=_digits(written), grouped=bool(marks), mark="", fraction="")


def say_amount(amount: Amount, language: Language) -> str:
    """The amount in words."""
    quantity = amount.quantity
    whole = say_digits(amount.whole, language) if quantity is None else language.numbers.cardinal(quantity)
    if not amount.fraction:
        return whole
    return f"{whole} {language.decimal_words[amount.mark]} {_say_fraction(amount.fraction, language)}"


def say_counted(amount: Amount, noun: Noun, language: Language) -> str:
    """The amount and what it counts, agreeing with each other."""
    if amount.fraction:
        few = language.singular_below_two and amount.quantity in {0, 1}
        return f"{say_amount(amount, language)} {noun.one if few else noun.many}"
    words = language.agree(say_amount(amount, language), noun.feminine)
    if amount.quantity and amount.quantity % _MILLION == 0:
        return f"{words} {language.of_million(noun.many)}"
    singular = amount.quantity == 1 or (language.singular_below_two and amount.quantity == 0)
    return f"{words} {noun.one if singular else noun.many}"


def say_digits(digits: str, language: Language) -> str:
    """The digits one by one."""
    return " ".join(language.numbers.cardinal(int(digit)) for digit in digits)


def _say_fraction(digits: str, language: Language) -> str:
    if language.digitwise_fraction or len(digits) > _LONGEST_FRACTION_AS_NUMBER:
        return say_digits(digits, language)
    zeros = len(digits) - len(digits.lstrip("0"))
    rest = [language.numbers.cardinal(int(digits))] if zeros < len(digits) else []
    return " ".join([language.numbers.cardinal(0)] * zeros + rest)


def _digits(written: str) -> str:
    return "".join(character for character in written if character.isdigit())
