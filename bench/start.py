"""From the start of a process to the first audio: our engine beside upstream's package, phase by phase.

Each start is a process of its own; the files lie in the page cache, and figures are medians. Ours has its checkpoint
as published, or converted by `builder.convert_models` (lean; `half` with T3's matrices in half precision, which is for
`balanced`), and says its first utterance live; upstream loads the same published files by `from_local` and says it
whole. Memory is the most that was resident up to then. Upstream has no class for Nano: Turbo's is given its trunk.

On two quiet processor cores `--members nano`, as it is unless told otherwise, takes two minutes, turbo five, original
ten, for which 9 GB must be free where temporary files lie. `--worker` adds a minute to five for each.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal

import torch

from bench import speaker
from bench.contestant import OURS, contestant
from bench.starting.process import Start, started
from bench.table import RESULTS, save, table
from builder.convert_models import convert
from builder.random_checkpoint import write
from worker.engines.chatterbox.arithmetic.precision import PrecisionName
from worker.engines.chatterbox.member import MEMBERS, Member

MEASURED = ("original", "turbo", "nano")
TOKENS, SMALL_TOKENS = 50, 6
HEADING = (
    *("member", "side", "checkpoint", "precision", "interpreter s", "imports s", "checkpoint s", "engine ready s"),
    *("first audio s", "to first audio s", "upstream : ours", "to end of utterance s", "MiB when ready"),
    "MiB in the end",
)
POLL_HEADING = ("member", "checkpoint", "precision", "s to its first poll for jobs", "MiB then")
MEBIBYTE = 2**20
PACKAGES = ("torch", "chatterbox-tts", "transformers")


@dataclass(frozen=True, slots=True, kw_only=True)
class Contender:
    """What is started."""

    side: Literal["ours", "theirs"]
    checkpoint: str
    precision: PrecisionName = "reference"

    @property
    def cells(self) -> tuple[str, str, str]:
        """What its row says of it."""
        return ("ours" if self.side == "ours" else "upstream"), self.checkpoint, self.precision


UPSTREAM = Contender(side="theirs", checkpoint="published")
CONTENDERS = (
    UPSTREAM,
    Contender(side="ours", checkpoint="published"),
    Contender(side="ours", checkpoint="lean"),
    Contender(side="ours", checkpoint="lean, half", precision="balanced"),
)


def main(arguments: Sequence[str] | None = None, folder: Path = RESULTS) -> None:
    """Measures and prints the table."""
    given = _parsed(sys.argv[1:] if arguments is None else arguments)
    rows: list[tuple[object, ...]] = []
    polls: list[tuple[object, ...]] = []
    for name in given.members:
        with TemporaryDirectory() as place:
            member = _written(name, Path(place), small=given.small)
            rows += _rows(member, Path(place), given)
            polls += _polls(member, Path(place), given) if given.worker else []
    text = table(HEADING, rows)
    if polls:
        text += f"\n\nThe whole worker, its fitness check included:\n\n{table(POLL_HEADING, polls)}"
    print(text)
    if given.save:
        circumstances = f"{torch.get_num_threads()} threads, {given.device}; medians of {given.runs}."
        save(given.name, f"{circumstances}\n\n{text}", PACKAGES, folder)


def _parsed(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--members", nargs="+", choices=MEASURED, default=["nano"], help="those to measure")
    parser.add_argument("--runs", type=int, default=3, help="starts of each, of which medians count")
    parser.add_argument("--device", default="cpu", help="cpu or cuda")
    parser.add_argument("--worker", action="store_true", help="also the whole worker, to its first poll for jobs")
    parser.add_argument("--small", action="store_true", help="tiny members, few tokens: to see whether it runs")
    parser.add_argument("--save", action="store_true", help="also write the table to bench/results/")
    parser.add_argument("--name", default="start", help="of the page that --save writes")
    return parser.parse_args(arguments)


def _written(name: str, folder: Path, *, small: bool) -> Member:
    """The member whose checkpoints it has written, a folder for each kind."""
    member = MEMBERS[name]
    if small:
        member = replace(member, layers=1, blocks=1, hidden=member.hidden if member.guided else 192)
    published = folder / UPSTREAM.checkpoint
    write(member, published, endless=True)
    speaker.write(member, published, tokens=speaker.SMALL_TOKENS if small else speaker.TOKENS)
    convert(MEMBERS[name], published, folder / "lean", trunk=torch.float32)
    convert(MEMBERS[name], published, folder / "lean, half")
    return member


def _rows(member: Member, folder: Path, given: argparse.Namespace) -> Iterator[tuple[object, ...]]:
    starts: dict[Contender, list[Start]] = {contender: [] for contender in CONTENDERS}
    uncounted = 0 if given.small else 1  # it has the files read
    for run in range(uncounted + given.runs):
        for contender in CONTENDERS:
            start = _started(contender, member, folder, given)
            starts[contender] += [start] if run >= uncounted else []
    medians = {contender: Start.median(starts[contender]) for contender in CONTENDERS}
    theirs_sec = medians[UPSTREAM].reached_sec("first audio")
    for contender, median in medians.items():
        yield _row(member, contender, median, theirs_sec)


def _started(contender: Contender, member: Member, folder: Path, given: argparse.Namespace) -> Start:
    tokens = SMALL_TOKENS if given.small else TOKENS
    options = ("--device", given.device, "--precision", contender.precision, "--tokens", str(tokens))
    return started(contender.side, member, folder / contender.checkpoint, *options)


def _row(member: Member, contender: Contender, start: Start, theirs_sec: float) -> tuple[object, ...]:
    ours_sec = start.reached_sec("first audio")
    phases = (start.took_sec[name] for name in ("interpreter", "imports", "checkpoint", "ready", "first audio"))
    memory = (round(start.peak_mib[name] or 0) for name in ("ready", "utterance"))
    reached = ours_sec, theirs_sec / ours_sec, start.reached_sec("utterance")
    return member.name, *contender.cells, *phases, *reached, *memory


def _polls(member: Member, folder: Path, given: argparse.Namespace) -> Iterator[tuple[object, ...]]:
    """The worker itself: upstream has none."""
    for contender in CONTENDERS[1:]:
        settings = {
            "TTS_ENGINES": member.engine,
            "TTS_MODELS_DIR": str(folder / contender.checkpoint),
            "TTS_DEVICE": given.device,
            "TTS_PRECISION": contender.precision,
        }
        polls, resident = [], 0.0
        for _ in range(given.runs):
            began = time.monotonic()
            with contestant(OURS, **settings) as worker:
                polls.append(time.monotonic() - began)
                resident = worker.rss_bytes / MEBIBYTE
        yield member.name, contender.checkpoint, contender.precision, statistics.median(polls), round(resident)


if __name__ == "__main__":
    main()
