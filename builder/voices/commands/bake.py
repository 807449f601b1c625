"""`bake`: engines enrol the voices, and their embeddings are kept."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from builder.voices.console import table
from builder.voices.enrolment import Enrolled, cloning_engines, enrol
from builder.voices.errors import StudioError
from builder.voices.studio import Command, Studio, names
from voice_library.errors import VoiceLibraryError
from worker.engines.base import CloningEngine

COLUMNS = ("voice", "engine", "revision", "status", "took_sec", "dropped", "problem")


def _declare(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("voices", nargs="*", metavar="VOICE", help="default: all that have a recording")
    parser.add_argument("--engines", type=names, help="comma-separated (default: TTS_ENGINES and TTS_LAZY_ENGINES)")
    parser.add_argument("--force", action="store_true", help="enrol again what is up to date")
    parser.add_argument("--keep-old", action="store_true", help="keep what older revisions of the engines made")


def _run(given: argparse.Namespace, studio: Studio) -> int:
    holdings = studio.folder.read()
    chosen = [holdings.find(name).voice.id for name in given.voices]
    if not given.voices:
        chosen = [held.voice.id for held in holdings.voices if held.voice.reference]
        for fault in holdings.faults:
            studio.console.say(f"{fault.name}: {fault.problem}")
        if not chosen:
            raise StudioError("no voice has a recording: `add` some")
    settings = studio.settings
    with cloning_engines(settings, given.engines or (*settings.engines, *settings.lazy_engines)) as engines:
        done = bake(chosen, engines, studio, force=given.force, keep_old=given.keep_old)
    return told(done, studio)


def bake(
    voice_ids: Sequence[str],
    engines: Sequence[CloningEngine],
    studio: Studio,
    *,
    force: bool = False,
    keep_old: bool = False,
) -> list[Enrolled]:
    """What became of each voice with each engine, under a bar."""
    done: list[Enrolled] = []
    for voice_id in studio.console.progress(list(dict.fromkeys(voice_ids)), "voices"):
        try:
            done += enrol(studio.folder, voice_id, engines, force=force, keep_old=keep_old)
        except (StudioError, VoiceLibraryError) as error:
            done.append(Enrolled(voice=voice_id, engine="", revision="", status="failed", problem=str(error)))
    return done


def told(done: Sequence[Enrolled], studio: Studio) -> int:
    """Prints what was done; the exit code."""
    rows: list[dict[str, Any]] = [asdict(each) for each in done]
    studio.console.result(rows, table(rows, COLUMNS))
    counts = {status: sum(each.status == status for each in done) for status in ("made", "up to date", "failed")}
    studio.console.say(", ".join(f"{count} {status}" for status, count in counts.items()))
    return int(counts["failed"] > 0)


COMMAND = Command(purpose="enrol voices with the engines that clone", declare=_declare, run=_run)
