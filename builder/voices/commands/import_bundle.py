"""`import`: voices that were exported elsewhere."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from builder.voices.bundle import Bundle, open_bundle
from builder.voices.console import table
from builder.voices.errors import StudioError
from builder.voices.holdings import Holdings
from builder.voices.studio import Command, Studio
from voice_library.catalog import Catalog

COLUMNS = ("voice", "status")


def _declare(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("bundle", type=Path, metavar="BUNDLE", help="an archive that `export` wrote")
    there = parser.add_mutually_exclusive_group()
    there.add_argument("--replace", action="store_true", help="take the place of voices that have the same ids")
    there.add_argument("--skip", action="store_true", help="leave those out")


def _run(given: argparse.Namespace, studio: Studio) -> int:
    with open_bundle(given.bundle) as bundle:
        rows = _planned(bundle, given, studio)
        studio.folder.take_in(bundle.arrivals(), bundle.catalog.profiles, replaces=given.replace)
    studio.console.result(rows, table(rows, COLUMNS))
    return 0


def _planned(bundle: Bundle, given: argparse.Namespace, studio: Studio) -> list[dict[str, Any]]:
    """What becomes of each voice; nothing is written before all of it can be.

    Raises:
        StudioError: a voice of that id is here, and nothing says what is to become of the two.
        NameTaken: an id, alias or file is that of another.
    """
    path = studio.folder.path
    holdings = Holdings.read(path) if path.is_dir() else Holdings(catalog=Catalog(format_version=1))
    here = [entry.id for entry in bundle.catalog.voices if holdings.get(entry.id)]
    if here and not (given.replace or given.skip):
        raise StudioError(f"there are voices {', '.join(map(repr, here[:8]))} already: --replace them or --skip them")
    for entry in bundle.catalog.voices:
        held = holdings.get(entry.id)
        if held is None or given.replace:
            holdings.require_free(entry, besides=held)
    for profile in bundle.catalog.profiles:
        if holdings.get(profile.id) is not None:
            raise StudioError(f"'{profile.id}' is a profile in the bundle and a voice here: rename that one")
    replaced = "replaced" if given.replace else "skipped"
    return [{"voice": entry.id, "status": replaced if entry.id in here else "added"} for entry in bundle.catalog.voices]


COMMAND = Command(purpose="take in the voices of an archive", declare=_declare, run=_run)
