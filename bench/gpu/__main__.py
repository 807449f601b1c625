"""Measures all that needs a GPU, within minutes, and leaves what it measured at any moment: `python -m bench.gpu`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.gpu.record import Record
from bench.gpu.run import Run, apart, draw, together
from bench.gpu.setup import setup_of
from bench.gpu.tables import TABLES
from bench.table import RESULTS
from worker.engines.chatterbox.member import MEMBERS

MINUTES = 7.5
MEASURED = ("original", "turbo", "nano")


def main(arguments: Sequence[str] | None = None) -> None:
    """Runs the tables, or draws what a run left."""
    arguments = sys.argv[1:] if arguments is None else arguments
    given = _parsed(arguments)
    given.out.mkdir(parents=True, exist_ok=True)
    if given.draw:
        draw(Record(given.draw), given.out)
        return
    with TemporaryDirectory(prefix="bench-gpu-") as place:
        _measure(given, given.checkpoints or Path(place))


def _measure(given: argparse.Namespace, checkpoints: Path) -> None:
    setup = setup_of(given.device, given.members, small=given.small, checkpoints=checkpoints)
    run = Run(tables=tuple(given.only), seconds=60 * given.minutes, folder=given.out)
    if given.adding:
        together(run, setup)
        return
    run.record.begin()
    if setup.device.type == "cuda" or given.apart:
        apart(run, [*_passed_on(given), "--checkpoints", str(checkpoints)])
    else:
        together(run, setup)
    draw(run.record, run.folder)
    print((given.out / "gpu.md").read_text(encoding="utf-8"))


def _parsed(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.gpu", description=__doc__)
    parser.add_argument(
        "--out", type=Path, default=RESULTS, help="folder for gpu.jsonl, gpu.md, the pictures and the log"
    )
    parser.add_argument("--minutes", type=float, default=MINUTES, help="time for all tables together")
    parser.add_argument("--members", nargs="+", choices=MEMBERS, default=MEASURED, help="those to measure")
    parser.add_argument("--only", nargs="+", choices=TABLES, default=list(TABLES), help="the tables to measure")
    parser.add_argument("--device", default="cuda", help="cuda, cuda:1 or, with --small, cpu")
    parser.add_argument("--small", action="store_true", help="tiny members, few tokens: whether the tables work at all")
    parser.add_argument("--apart", action="store_true", help="a process for each table, as always on a GPU")
    parser.add_argument("--adding", action="store_true", help="in this process, and to the record that is there")
    parser.add_argument("--checkpoints", type=Path, help="folder for drawn checkpoints; else one that is removed")
    parser.add_argument("--draw", type=Path, metavar="GPU.JSONL", help="measure nothing: page and pictures of a record")
    given = parser.parse_args(arguments)
    if not given.small and given.device == "cpu" and not given.draw:
        parser.error("--device cpu goes with --small")
    return given


def _passed_on(given: argparse.Namespace) -> list[str]:
    """The arguments for the process of one table."""
    return ["--device", given.device, *(["--small"] if given.small else []), "--members", *given.members]


if __name__ == "__main__":
    main()
