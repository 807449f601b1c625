"""`verify`: everything that is wrong with a library."""

from __future__ import annotations

import argparse
from dataclasses import asdict

from builder.voices.console import table
from builder.voices.enrolment import loaded
from builder.voices.studio import Command, Studio, names
from builder.voices.verification import verified

COLUMNS = ("name", "problem")


def _declare(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--engines", type=names, help="comma-separated: can they use what is there for them?")


def _run(given: argparse.Namespace, studio: Studio) -> int:
    path = studio.folder.path
    studio.folder.read()
    if given.engines:
        with loaded(studio.settings, given.engines) as engines:
            found = [*verified(path, studio.console, tuple(engines))]
    else:
        found = [*verified(path, studio.console)]
    rows = [asdict(fault) for fault in found]
    studio.console.result(rows, table(rows, COLUMNS))
    studio.console.say(f"{len(rows)} problems" if rows else "no problems")
    return int(bool(rows))


COMMAND = Command(purpose="check every file of the library", declare=_declare, run=_run)
