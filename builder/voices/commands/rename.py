"""`rename`: another id, or other names."""

from __future__ import annotations

import argparse
from dataclasses import replace

from builder.voices.errors import Misuse
from builder.voices.studio import Command, Studio
from voice_library.names import as_voice_id
from voice_library.voice import Voice


def _declare(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("voice", metavar="VOICE")
    parser.add_argument("--id", help="what jobs call it from now on")
    parser.add_argument("--name", action="append", help="for people, the best first; more than one may be given")
    parser.add_argument("--keep-alias", action="store_true", help="jobs that use the old id still find it")


def _run(given: argparse.Namespace, studio: Studio) -> int:
    if not given.id and not given.name:
        raise Misuse("say what it is to be called: --id, --name or both")
    if given.id and as_voice_id(given.id) != given.id:
        raise Misuse(f"{given.id!r} is no id: use a-z, 0-9, - and _, at most 64 characters")
    held = studio.folder.read().find(given.voice)

    def renamed(voice: Voice) -> Voice:
        kept = (voice.id,) if given.keep_alias and given.id not in (None, voice.id) else ()
        aliases = tuple(alias for alias in (*voice.aliases, *kept) if alias != given.id)
        return replace(voice, id=given.id or voice.id, names=tuple(given.name or voice.names), aliases=aliases)

    voice = studio.folder.change(held.voice.id, renamed, adopt=True)
    told = {"was": held.voice.id, "id": voice.id, "names": list(voice.names), "aliases": list(voice.aliases)}
    studio.console.result(told, [f"'{held.voice.id}' is '{voice.id}' now ({', '.join(voice.names)})"])
    if not held.listed:
        studio.console.say("the catalogue lists it now: jobs no longer replace or remove it")
    return 0


COMMAND = Command(purpose="give a voice another id or other names", declare=_declare, run=_run)
