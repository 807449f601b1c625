"""A run: each table in turn gets its share of the time, and leaves what it measured even if it fails or is stopped."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.gpu import page, picture
from bench.gpu.record import Record
from bench.gpu.setup import Setup
from bench.gpu.tables import TABLES

GRACE_SEC = 20.0
"""Beyond its share: for torch to load, and for the row under way to be finished."""
LONGEST_REASON = 300
"""Letters of a failure that a note repeats."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """What is measured, for how long, and where it is kept."""

    tables: tuple[str, ...]
    seconds: float
    folder: Path

    @property
    def record(self) -> Record:
        """Where rows are kept."""
        return Record(self.folder / "gpu.jsonl")


def together(run: Run, setup: Setup) -> None:
    """Measures every table here."""
    for name, seconds in shares(run):
        measure(name, setup, run.record, seconds)
        draw(run.record, run.folder)


def apart(run: Run, arguments: Sequence[str]) -> None:
    """Measures each table in a process of its own: one that breaks the device, or hangs, is the only one lost."""
    log = run.folder / "gpu.log"
    for name, seconds in shares(run):
        command = [sys.executable, "-m", "bench.gpu", *arguments, "--adding", "--only", name]
        command += ["--minutes", str(seconds / 60), "--out", str(run.folder)]
        with log.open("a", encoding="utf-8") as said:
            said.write(f"{name}: {seconds:.0f} s\n")
            said.flush()
            try:
                ended = subprocess.run(
                    command, stdout=said, stderr=subprocess.STDOUT, timeout=seconds + GRACE_SEC, check=False
                ).returncode
            except subprocess.TimeoutExpired:
                run.record.add(name, f"stopped: not done {GRACE_SEC:.0f} s after its {seconds:.0f} s were over")
            else:
                if ended:
                    run.record.add(name, f"its process ended with {ended}; gpu.log says why")
        draw(run.record, run.folder)


def shares(run: Run) -> Iterator[tuple[str, float]]:
    """Each table and the seconds it has, of those left when it is asked for: what one spares, the others get."""
    ends = time.monotonic() + run.seconds
    for place, name in enumerate(run.tables):
        left = ends - time.monotonic()
        if left > 0:
            yield name, left * TABLES[name].share / sum(TABLES[other].share for other in run.tables[place:])
        else:
            run.record.add(name, f"not measured: the run's {run.seconds:.0f} s were over")


def measure(name: str, setup: Setup, record: Record, seconds: float) -> None:
    """Adds the table's rows to the record, one by one, until there are no more or its time is over."""
    began = time.monotonic()
    try:
        for found in TABLES[name].rows(setup):
            record.add(name, found)
            if time.monotonic() - began > seconds:
                record.add(name, f"ended early: its {seconds:.0f} s were over; rows that might follow are not here")
                break
    except Exception as error:  # noqa: BLE001 - told in the table; the others are measured all the same
        reason = " ".join(f"{type(error).__name__}: {error}".split())[:LONGEST_REASON]
        record.add(name, f"failed here: {reason}")
    print(f"{name}: {time.monotonic() - began:.1f} s", flush=True)


def draw(record: Record, folder: Path) -> None:
    """Writes the page and the pictures of all that is in the record."""
    lines = record.lines()
    page.write(lines, folder / "gpu.md")
    for member in {str(line.row["member"]) for line in lines if line.row is not None and "ms a token" in line.row}:
        picture.write(lines, member, folder / f"gpu-{member}.svg")
