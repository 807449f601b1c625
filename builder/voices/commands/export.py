"""`export`: voices to take along."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from pathlib import Path

from builder.voices.bundle import write_bundle
from builder.voices.folder import Arrival
from builder.voices.studio import Command, Studio


def _declare(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("voices", nargs="+", metavar="VOICE")
    parser.add_argument("--out", type=Path, required=True, metavar="BUNDLE", help="the archive: voices.zip")


def _run(given: argparse.Namespace, studio: Studio) -> int:
    holdings = studio.folder.read()
    ids = list(dict.fromkeys(holdings.find(name).voice.id for name in given.voices))
    profiles = tuple(profile for profile in holdings.catalog.profiles if profile.voice in ids)
    write_bundle(given.out, _arrivals(ids, studio), profiles)
    told = {
        "bundle": str(given.out),
        "voices": ids,
        "profiles": [profile.id for profile in profiles],
        "size_bytes": given.out.stat().st_size,
    }
    studio.console.result(told, [f"{given.out}: {len(ids)} voices, {told['size_bytes']} bytes"])
    return 0


def _arrivals(ids: Sequence[str], studio: Studio) -> Iterator[Arrival]:
    for voice_id in studio.console.progress(ids, "voices"):
        yield studio.folder.as_it_is(voice_id)


COMMAND = Command(purpose="write voices into one archive", declare=_declare, run=_run)
