"""Keeps a library of voices: recordings go in, engines enrol them, and workers speak as them."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from builder.voices.commands import (
    add,
    bake,
    catalogue,
    export,
    import_bundle,
    import_legacy,
    preview,
    remove,
    rename,
    samples,
    show,
    tag,
    verify,
)
from builder.voices.console import Console
from builder.voices.errors import StudioError
from builder.voices.folder import LibraryFolder
from builder.voices.legacy.errors import LegacyError
from builder.voices.studio import Command, Studio
from voice_library.errors import VoiceLibraryError
from worker.errors import WorkerError
from worker.settings import Settings

COMMANDS: Mapping[str, Command] = {
    "add": add.COMMAND,
    "bake": bake.COMMAND,
    "list": catalogue.COMMAND,
    "show": show.COMMAND,
    "preview": preview.COMMAND,
    "rename": rename.COMMAND,
    "tag": tag.COMMAND,
    "remove": remove.COMMAND,
    "verify": verify.COMMAND,
    "export": export.COMMAND,
    "import": import_bundle.COMMAND,
    "import-legacy": import_legacy.COMMAND,
    "samples": samples.COMMAND,
}
INTERRUPTED = 130
"""As shells have it."""


def main(arguments: Sequence[str], environment: Mapping[str, str]) -> int:
    """The status that the command line ends with."""
    given = _parser().parse_args(arguments)
    console = Console(machine=given.json)
    try:
        settings = Settings.from_environment(environment)
        folder = LibraryFolder(path=given.folder or settings.voices_dir)
        return COMMANDS[given.command].run(given, Studio(folder=folder, console=console, settings=settings))
    except StudioError as error:
        console.say(f"voices: {error}")
        return error.exit_code
    except (WorkerError, VoiceLibraryError, LegacyError) as error:
        console.say(f"voices: {error}")
        return 1
    except OSError as error:
        console.say(f"voices: {error.filename or given.folder or 'the folder'}: {error.strerror or error}")
        return 1
    except KeyboardInterrupt:
        console.say("voices: stopped; every voice is as it was before or after its change")
        return INTERRUPTED


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m builder.voices", description=__doc__)
    shared = argparse.ArgumentParser(add_help=False)
    shared.add_argument("--json", action="store_true", help="print the result as one JSON value")
    shared.add_argument("--folder", type=Path, help="the library (default: TTS_VOICES_DIR, else embeddings/)")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, command in COMMANDS.items():
        command.declare(
            commands.add_parser(name, help=command.purpose, description=f"{command.purpose}.", parents=[shared])
        )
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], os.environ))
