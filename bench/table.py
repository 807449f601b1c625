"""A benchmark's table: one heading, one row per case, widths that fit."""

from __future__ import annotations

import argparse
import os
import platform
import re
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

RESULTS = Path(__file__).parent / "results"
CPU_FACTS = Path("/proc/cpuinfo")


def table(heading: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """Markdown: figures with three decimals, everything else as it is."""
    cells = [[f"{cell:.3f}" if isinstance(cell, float) else str(cell) for cell in row] for row in [heading, *rows]]
    widths = [max(len(row[column]) for row in cells) for column in range(len(heading))]
    lines = [
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |" for row in cells
    ]
    lines.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|")
    return "\n".join(lines)


def wants_saving(description: str | None, arguments: Sequence[str] | None = None) -> bool:
    """Whether the command line has `--save`."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--save", action="store_true", help="also write the table to bench/results/")
    return bool(parser.parse_args(arguments).save)


def save(name: str, text: str, packages: Sequence[str], folder: Path = RESULTS) -> Path:
    """The page it has written: the table of `bench/<name>.py` and what it was measured with."""
    path = folder / f"{name}.md"
    path.write_text(
        f"# bench/{name}.py\n\n{surroundings(packages)}\nWritten by `python -m bench.{name} --save`.\n\n{text}\n",
        encoding="utf-8",
    )
    return path


def surroundings(packages: Sequence[str]) -> str:
    """A sentence with the date, the machine and the versions of Python and of `packages`."""
    versions = ", ".join([f"Python {platform.python_version()}", *(f"{name} {version(name)}" for name in packages)])
    today = datetime.now(UTC).date().isoformat()
    return f"{today}; {_cpu_model()}, {os.cpu_count()} cores; {versions}."


def _cpu_model() -> str:
    facts = CPU_FACTS.read_text(encoding="utf-8") if CPU_FACTS.exists() else ""
    found = re.search(r"^model name\s*:\s*(.+)$", facts, re.MULTILINE)
    return found[1].strip() if found else platform.machine()
