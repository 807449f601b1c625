"""`tag`: what is on record of a voice, its recording aside."""

from __future__ import annotations

import argparse
from dataclasses import replace

from builder.voices import description, particulars
from builder.voices.console import table
from builder.voices.studio import Command, Studio
from voice_library.voice import Voice


def _declare(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("voice", metavar="VOICE")
    for flag, what in (("add", "tag to add"), ("remove", "tag to take away")):
        parser.add_argument(f"--{flag}", action="append", default=[], metavar="TAG", help=f"{what}; as often as needed")
    for flag, what in (("alias", "other name to add"), ("remove-alias", "other name to take away")):
        parser.add_argument(f"--{flag}", action="append", default=[], metavar="NAME", help=what)
    particulars.declare(parser)
    parser.add_argument("--options", type=particulars.options, metavar="JSON", help="engine options that suit it")
    parser.add_argument(
        "--lexicon", type=particulars.lexicon, metavar="FILE", help='how it says words, as JSON: {"GIF": "jif"}'
    )


def _run(given: argparse.Namespace, studio: Studio) -> int:
    held = studio.folder.read().find(given.voice)

    def edited(voice: Voice) -> Voice:
        voice = particulars.said_of(voice, given)
        return replace(
            voice,
            tags=_changed(voice.tags, given.add, given.remove),
            aliases=_changed(voice.aliases, given.alias, given.remove_alias),
            options=voice.options if given.options is None else given.options,
            lexicon=voice.lexicon if given.lexicon is None else given.lexicon,
        )

    studio.folder.change(held.voice.id, edited, adopt=True)
    now = studio.folder.read().find(held.voice.id)
    row = description.row(now)
    studio.console.result(row, table([row], description.COLUMNS))
    if not held.listed:
        studio.console.say("the catalogue lists it now: jobs no longer replace or remove it")
    return 0


def _changed(before: tuple[str, ...], added: list[str], removed: list[str]) -> tuple[str, ...]:
    return tuple(word for word in dict.fromkeys((*before, *added)) if word not in removed)


COMMAND = Command(purpose="say what is on record of a voice", declare=_declare, run=_run)
