"""`remove`: voices leave the library."""

from __future__ import annotations

import argparse

from builder.voices.errors import Misuse
from builder.voices.studio import Command, Studio


def _declare(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("voices", nargs="+", metavar="VOICE")
    parser.add_argument("--yes", action="store_true", help="do not ask")
    parser.add_argument("--with-profiles", action="store_true", help="the profiles that need them go too")


def _run(given: argparse.Namespace, studio: Studio) -> int:
    holdings = studio.folder.read()
    ids = list(dict.fromkeys(holdings.find(name).voice.id for name in given.voices))
    if not given.yes:
        if not studio.console.can_ask:
            raise Misuse("nobody is here to ask: --yes says that they are to go")
        if not studio.console.confirms(f"Remove {', '.join(ids)} for good?"):
            studio.console.say("nothing was removed")
            return 1
    profiles = studio.folder.remove(ids, with_profiles=given.with_profiles)
    also = f"; with the profiles {', '.join(profiles)}" if profiles else ""
    studio.console.result(
        {"removed": ids, "profiles": list(profiles)},
        [f"removed: {', '.join(ids)}{also}"],
    )
    return 0


COMMAND = Command(purpose="remove voices, their recordings and embeddings", declare=_declare, run=_run)
