"""Chatterbox, text to sound: our engine beside upstream's own `generate`, on the same random weights of full size.

Everything is measured from a text to finished samples, watermark included, in a voice of which there are ten seconds.
Every utterance is made of the same number of speech tokens in both, 25 a second. Upstream says one utterance after
another, each whole: of many asked for at once the last is heard after all of them, and one is measured in every table
that needs it, its median told. Ours says them side by side, and lets the first of one be heard before the rest is made
where it is asked to (`live`); "new" is a voice that was never heard before, its recording sent along.

On two quiet processor cores `--members nano`, as it is unless told otherwise, takes about seven minutes; turbo a
quarter of an hour, original three quarters. `--only`, `--crowds`, `--seconds` and `--minutes` make it less or more.
"""

from __future__ import annotations

import argparse
import logging
import sys
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import torch

from bench import speaker
from bench.speaking.case import Case, Plan
from bench.speaking.figures import TOKENS_PER_SEC
from bench.speaking.ours import ours
from bench.speaking.pictures import draw
from bench.speaking.tables import TABLES, Row
from bench.speaking.theirs import Theirs
from bench.table import RESULTS, save, table
from builder.random_checkpoint import write
from worker.engines.chatterbox.member import MEMBERS, Member

PRECISIONS = ("reference", "balanced", "fast")
CROWDS = (1, 2, 4, 8)
ALONE_SEC = (2, 10)
PAGE_SEC = 10
SMALL_TOKENS = 6
PACKAGES = ("torch", "chatterbox-tts", "transformers")


def main(arguments: Sequence[str] | None = None, folder: Path = RESULTS) -> None:
    """Measures and prints the tables."""
    given = _parsed(sys.argv[1:] if arguments is None else arguments)
    logging.disable(logging.WARNING)
    warnings.simplefilter("ignore")
    torch.set_num_threads(given.threads)
    found: dict[str, list[Row]] = {name: [] for name in given.only}
    for name in given.members:
        with TemporaryDirectory() as place:
            for case in _cases(_written(name, Path(place), small=given.small), Path(place), given):
                for key in given.only:
                    for row in TABLES[key].rows(case):
                        print(key, *row, file=sys.stderr, flush=True)
                        found[key].append(row)
    text = "\n\n".join(f"## {TABLES[key].title}\n\n{table(TABLES[key].heading, found[key])}" for key in found)
    print(text)
    if given.save:
        pictures = draw(found, given.name, folder)
        save(given.name, "\n\n".join([f"{given.threads} threads, {given.device}.", text, *pictures]), PACKAGES, folder)


def _parsed(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--members", nargs="+", choices=MEMBERS, default=["nano"], help="those to measure")
    parser.add_argument("--precisions", nargs="+", choices=PRECISIONS, default=PRECISIONS[:2], help="those to measure")
    parser.add_argument("--only", nargs="+", choices=TABLES, default=list(TABLES), help="the tables to measure")
    parser.add_argument("--crowds", nargs="+", type=int, default=CROWDS, help="utterances asked for at once, up to 64")
    parser.add_argument("--seconds", type=float, default=2, help="of audio of each of them")
    parser.add_argument("--minutes", type=float, default=1, help="of audio of the long text")
    parser.add_argument("--runs", type=int, default=1, help="of an utterance alone, of which the median counts")
    parser.add_argument("--threads", type=int, default=torch.get_num_threads(), help="that torch computes with")
    parser.add_argument("--device", default="cpu", help="cpu or cuda")
    parser.add_argument("--small", action="store_true", help="tiny members, few tokens: to see whether it runs")
    parser.add_argument("--save", action="store_true", help="also write tables and pictures to bench/results/")
    parser.add_argument("--name", default="chatterbox", help="of the page that --save writes")
    return parser.parse_args(arguments)


def _written(name: str, folder: Path, *, small: bool) -> Member:
    """The member of the checkpoint it has written, which never stops speaking in a voice of ten seconds."""
    member = MEMBERS[name]
    if small:
        member = replace(member, layers=1, blocks=1, hidden=member.hidden if member.guided else 192)
    write(member, folder, endless=True)
    speaker.write(member, folder, tokens=speaker.SMALL_TOKENS if small else speaker.TOKENS)
    return member


def _cases(member: Member, folder: Path, given: argparse.Namespace) -> Iterator[Case]:
    plan = _plan(given)
    theirs = Theirs(member, folder, device=given.device, runs=plan.runs)
    for precision in given.precisions:
        with ours(
            MEMBERS[member.name], folder, precision=precision, utterances=max(plan.crowds), device=given.device
        ) as side:
            side.heard([side.voice], plan.tokens)
            yield Case(member=member, precision=precision, ours=side, theirs=theirs, plan=plan)


def _plan(given: argparse.Namespace) -> Plan:
    crowds = tuple(sorted(given.crowds))
    if given.small:
        return Plan(alone=(SMALL_TOKENS,), crowds=crowds, tokens=SMALL_TOKENS, page=SMALL_TOKENS, pages=2, runs=1)
    return Plan(
        alone=tuple(TOKENS_PER_SEC * seconds for seconds in ALONE_SEC),
        crowds=crowds,
        tokens=round(TOKENS_PER_SEC * given.seconds),
        page=TOKENS_PER_SEC * PAGE_SEC,
        pages=max(1, round(60 * given.minutes / PAGE_SEC)),
        runs=given.runs,
    )


if __name__ == "__main__":
    main()
