"""The record: what was measured, a line of JSON each, on the disk as soon as it is known."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

Cell = str | int | float | None
Row = Mapping[str, Cell]
"""Cells by their columns' names; none where there is nothing to say."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A row of a table, or a note about it."""

    table: str
    row: Row | None = None
    note: str | None = None


class Record:
    """A file that only grows: what was measured before a run was ended stays."""

    def __init__(self, path: Path) -> None:
        self.path = path
        path.parent.mkdir(parents=True, exist_ok=True)

    def begin(self) -> None:
        """Forgets what was measured before."""
        self.path.unlink(missing_ok=True)

    def add(self, table: str, found: Row | str) -> None:
        """Writes a row, or a note."""
        line = {"table": table, **({"note": found} if isinstance(found, str) else {"row": dict(found)})}
        with self.path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")

    def lines(self) -> Sequence[Line]:
        """All that was written; the last line of a run that was killed may be cut short, and is left out."""
        text = self.path.read_text(encoding="utf-8") if self.path.exists() else ""
        whole = text[: text.rfind("\n") + 1]
        return [Line(**json.loads(line)) for line in whole.splitlines()]
