"""`list`: the voices of the library."""

from __future__ import annotations

import argparse

from builder.voices import description, particulars
from builder.voices.console import table
from builder.voices.holdings import Holding, Holdings
from builder.voices.studio import Command, Studio
from voice_library.language import closeness


def _declare(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--language", type=particulars.language)
    parser.add_argument("--gender", choices=particulars.GENDERS)
    parser.add_argument("--tag")
    parser.add_argument("--search", metavar="TEXT", help="words in ids, names, aliases or tags")


def _run(given: argparse.Namespace, studio: Studio) -> int:
    holdings = studio.folder.read()
    rows = [description.row(held) for held in _found(holdings, given.search) if _fits(held, given)]
    studio.console.result(rows, table(rows, description.COLUMNS))
    unlisted = sum(not row["listed"] for row in rows)
    also = f", {unlisted} of them in no catalogue (workers saved them)" if unlisted else ""
    studio.console.say(f"{len(rows)} of {len(holdings.voices)} voices{also}")
    for fault in holdings.faults:
        studio.console.say(f"{fault.name}: {fault.problem}")
    return int(bool(holdings.faults))


def _found(holdings: Holdings, text: str | None) -> list[Holding]:
    if text is None:
        return list(holdings.voices)
    return [held for entry in holdings.library.search(text) if (held := holdings.get(entry.id)) is not None]


def _fits(held: Holding, given: argparse.Namespace) -> bool:
    voice = held.voice
    return (
        given.gender in (None, voice.gender)
        and (given.tag is None or given.tag in voice.tags)
        and (given.language is None or closeness(given.language, voice.language) > 0)
    )


COMMAND = Command(purpose="list the voices", declare=_declare, run=_run)
