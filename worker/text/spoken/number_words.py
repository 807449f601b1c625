"""The two spellers of numbers: the library's, and ours for Haitian Creole."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from num2words import num2words

from worker.text.spoken import haitian_numbers


def _unchanged(words: str) -> str:
    return words


@dataclass(frozen=True, slots=True, kw_only=True)
class LibraryNumbers:
    """Numbers as num2words spells them, without the commas it writes between thousands."""

    code: str
    """The library's name of the language."""
    mend: Callable[[str], str] = _unchanged
    """Puts right what the library gets wrong."""

    def cardinal(self, value: int) -> str:
        """How many."""
        return self._spelled(value, "cardinal")

    def ordinal(self, value: int) -> str:
        """Which in a row."""
        return self._spelled(value, "ordinal")

    def year(self, value: int) -> str:
        """A year of the calendar."""
        return self._spelled(value, "year")

    def _spelled(self, value: int, kind: str) -> str:
        words: str = num2words(value, lang=self.code, to=kind)
        return self.mend(words.replace(",", ""))


@dataclass(frozen=True, slots=True)
class HaitianNumbers:
    """Numbers in Haitian Creole."""

    def cardinal(self, value: int) -> str:
        """How many."""
        return haitian_numbers.cardinal(value)

    def ordinal(self, value: int) -> str:
        """Which in a row."""
        return haitian_numbers.ordinal(value)

    def year(self, value: int) -> str:
        """A year of the calendar, said as a quantity."""
        return haitian_numbers.cardinal(value)
