"""The page: every table of a record as Markdown, below what it was measured on."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from bench.gpu.record import Cell, Line
from bench.gpu.tables import TABLES, Table
from bench.table import table

HOW = "Written by `python -m bench.gpu`; `gpu.jsonl` holds the same in full precision.\n"
ABSENT = "–"


def write(lines: Sequence[Line], path: Path) -> Path:
    """The page it has written."""
    parts = ["# bench/gpu\n", HOW, *(_section(kind, lines) for kind in TABLES.values())]
    path.write_text("\n".join(parts), encoding="utf-8")
    return path


def _section(kind: Table, lines: Sequence[Line]) -> str:
    own = [line for line in lines if line.table == kind.name]
    rows = [[_shown(line.row.get(name)) for name in kind.heading] for line in own if line.row is not None]
    notes = [f"- {line.note}" for line in own if line.note is not None]
    if not own:
        notes = ["- not measured in this run"]
    return "\n".join([f"## {kind.title}\n", *([table(kind.heading, rows), ""] if rows else []), *notes, ""])


def _shown(cell: Cell) -> Cell:
    if cell is None:
        return ABSENT
    return f"{cell:.1e}" if isinstance(cell, float) and 0 < abs(cell) < 1e-3 else cell  # noqa: PLR2004 - what three decimals show
