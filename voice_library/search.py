"""Search: the voices and profiles that what somebody types may mean."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from itertools import accumulate

from voice_library.names import fold
from voice_library.voice import Profile, Voice

END = "\n"
BETWEEN = "\x1f"
"""Between the names of one entry; nobody types it, nor is it printable."""


class NameIndex:
    """Everything that entries are called, one line each, so that thousands are searched as one text."""

    def __init__(self, entries: Sequence[Voice | Profile]) -> None:
        self._entries = entries
        lines = [_line(entry) for entry in entries]
        self._text = "".join(lines)
        self._starts = [0, *accumulate(map(len, lines))]

    def find(self, text: str) -> list[Voice | Profile]:
        """The entries in whose id, names, aliases or tags every word of `text` stands, in part or whole.

        Those first of whom a name begins with the first word, and else in the order of the library.
        """
        words = fold(text).split("-")
        if not words[0]:
            return []
        found = [line for line in self._lines_with(min(words, key=self._text.count)) if self._has(line, words)]
        found.sort(key=lambda line: BETWEEN + words[0] not in self._line(line))
        return [self._entries[line] for line in found]

    def _lines_with(self, word: str) -> Iterable[int]:
        at = self._text.find(word)
        while at >= 0:
            line = bisect_right(self._starts, at) - 1
            yield line
            at = self._text.find(word, self._starts[line + 1])

    def _has(self, line: int, words: Iterable[str]) -> bool:
        text = self._line(line)
        return all(word in text for word in words)

    def _line(self, line: int) -> str:
        return self._text[self._starts[line] : self._starts[line + 1]]


def _line(entry: Voice | Profile) -> str:
    more = (*entry.aliases, *entry.tags) if isinstance(entry, Voice) else ()
    return "".join(BETWEEN + fold(name) for name in (entry.id, *entry.names, *more)) + END
