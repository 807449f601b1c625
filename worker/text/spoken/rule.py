"""One rule of speech: a written form, and what is said for it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass

# Scripts that put no spaces between words: Thai, Lao, Khmer, kana, Chinese characters, Hangul syllables.
_UNSPACED = re.compile("[\u0e00-\u0eff\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7a3\uf900-\ufaff]")


@dataclass(frozen=True, slots=True)
class Rule:
    """Says what a pattern matches; a pattern must look at each character a bounded number of times."""

    pattern: re.Pattern[str]
    say: Callable[[re.Match[str]], str | None]
    """The words, or None to leave the match as it is."""

    def apply(self, text: str) -> str:
        """The text with every match said."""
        return self.pattern.sub(self._in_place, text)

    def _in_place(self, match: re.Match[str]) -> str:
        words = self.say(match)
        if words is None:
            return match.group()
        before = match.string[match.start() - 1 : match.start()]
        after = match.string[match.end() : match.end() + 1]
        return f"{' ' * _touch(before, words[:1])}{words}{' ' * _touch(words[-1:], after)}"


def _touch(left: str, right: str) -> bool:
    """Whether two characters would run together into one word."""
    return left.isalnum() and right.isalnum() and not (_UNSPACED.match(left) or _UNSPACED.match(right))


def any_of(written: Iterable[str]) -> str:
    """A pattern for any of the strings, the longest first."""
    return "(?:" + "|".join(map(re.escape, sorted(written, key=len, reverse=True))) + ")"
