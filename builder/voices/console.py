"""The console: results on the standard output, messages, questions and progress on the error output."""

from __future__ import annotations

import json
import sys
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from tqdm import tqdm  # type: ignore[import-untyped] # ships no types

Item = TypeVar("Item")
Row = Mapping[str, object]

GAP = "  "
WIDE = frozenset("WF")
"""East Asian widths that take two columns of a terminal: https://www.unicode.org/reports/tr11/."""
YES = frozenset({"y", "yes"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Console:
    """What the tool says, and asks."""

    machine: bool = False
    """Whether the result is one JSON value rather than something to read."""

    def result(self, value: object, shown: Iterable[str]) -> None:
        """The one result of a command: as JSON, or as the lines `shown`."""
        if self.machine:
            print(json.dumps(value, ensure_ascii=False, indent=1, allow_nan=False))
            return
        for line in shown:
            print(line)

    def say(self, message: str) -> None:
        """A message beside the result."""
        print(message, file=sys.stderr)

    @property
    def can_ask(self) -> bool:
        """Whether somebody is there to answer."""
        return sys.stdin.isatty() and sys.stderr.isatty()

    def ask(self, question: str) -> str:
        """The answer, without the space around it; empty where there is none."""
        print(f"{question}: ", end="", file=sys.stderr, flush=True)
        return sys.stdin.readline().strip()

    def confirms(self, question: str) -> bool:
        """Whether the answer is yes."""
        return self.ask(f"{question} [y/N]").casefold() in YES

    def progress(self, items: Sequence[Item], what: str) -> Iterator[Item]:
        """The items, with a bar if the error output is a terminal."""
        with tqdm(total=len(items), desc=what, disable=None, leave=False, dynamic_ncols=True) as bar:
            for item in items:
                yield item
                bar.update()

    def counted(self, items: Iterable[Item], what: str) -> Iterator[Item]:
        """The same with items of which nobody knows how many there are."""
        yield from tqdm(items, desc=what, disable=None, leave=False, dynamic_ncols=True)


def table(rows: Sequence[Row], columns: Sequence[str]) -> Iterator[str]:
    """The rows under their headings, each column as wide as it has to be; nothing of no rows."""
    if not rows:
        return
    cells = [[column.replace("_", " ") for column in columns]]
    cells += [[_cell(row.get(column)) for column in columns] for row in rows]
    widths = [max(map(_width, column)) for column in zip(*cells, strict=True)]
    for line in cells:
        padded = [cell + " " * (width - _width(cell)) for cell, width in zip(line, widths, strict=True)]
        yield GAP.join(padded).rstrip()


def _cell(value: object) -> str:
    match value:
        case None | [] | ():
            return "-"
        case bool():
            return "yes" if value else "no"
        case float():
            return f"{value:.1f}"
        case str():
            return value
        case list() | tuple():
            return ", ".join(map(str, value))
        case _:
            return str(value)


def _width(text: str) -> int:
    return sum(1 + (unicodedata.east_asian_width(character) in WIDE) for character in text)
