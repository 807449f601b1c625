"""`import-legacy`: the voices of an older worker."""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from builder.voices import particulars
from builder.voices.console import table
from builder.voices.errors import StudioError
from builder.voices.legacy.folder import read_legacy
from builder.voices.legacy.voice import LegacyProblem, LegacyVoice
from builder.voices.recordings import Stretch, stretch_in
from builder.voices.studio import Command, Studio
from voice_library.errors import VoiceLibraryError
from voice_library.language import canonical
from voice_library.names import as_voice_id
from voice_library.succession import succeeding
from voice_library.voice import LANGUAGE, Voice
from worker.audio.clip import Clip
from worker.errors import WorkerError

COLUMNS = ("file", "voice", "status", "seconds", "language", "gender", "severity", "problem")
SOURCE = "the voice folder of an older worker"


def _declare(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("legacy", type=Path, metavar="FOLDER", help="its voice files, and its voice_catalog.json")
    particulars.declare(parser)
    parser.add_argument("--sample-rate", type=int, metavar="HERTZ", help="of recordings that do not tell theirs")
    parser.add_argument("--replace", action="store_true", help="take the place of voices that have the same ids")
    parser.add_argument("--whole", action="store_true", help="keep all of each recording rather than its best part")


def _run(given: argparse.Namespace, studio: Studio) -> int:
    particulars.ask_for_missing(given, studio.console, speaker=False)
    found = read_legacy(given.legacy, sample_rate=given.sample_rate)
    rows = [_row(each, given, studio) for each in _with_bar(found, given.legacy, studio)]
    studio.console.result(rows, table(rows, COLUMNS))
    added = sum(row["status"] != "refused" for row in rows)
    studio.console.say(f"{added} voices came, {len(rows) - added} things did not")
    return int(added < len(rows))


def _with_bar(
    found: Iterator[LegacyVoice | LegacyProblem], folder: Path, studio: Studio
) -> Iterator[LegacyVoice | LegacyProblem]:
    """They are read one at a time, as many as the folder has files at most."""
    first = next(found, None)  # which says, before there is a bar, whether the folder can be read
    if first is None:
        raise StudioError(f"{folder} holds no voices")
    yield first
    yield from studio.console.counted(found, "files")


def _row(each: LegacyVoice | LegacyProblem, given: argparse.Namespace, studio: Studio) -> dict[str, Any]:
    row: dict[str, Any] = dict.fromkeys(COLUMNS) | {"file": each.file, "status": "refused"}
    if isinstance(each, LegacyProblem):
        return row | {"problem": str(each.error)}
    try:
        clip = Clip(samples=each.samples, sample_rate=each.sample_rate)
        stretch = stretch_in(clip, each.file, whole=given.whole)
        voice = _voice(each, stretch, given)
        kept = studio.folder.put(voice.id, partial(succeeding, voice), replaces=given.replace)
    except (StudioError, WorkerError, VoiceLibraryError) as error:
        return row | {"problem": str(error)}
    for word in each.dropped:
        studio.console.say(f"{each.file}: the field '{word}' was left out, for engines here make it anew")
    for advice in stretch.report.advice:
        studio.console.say(f"{kept.id}: {advice}")
    return row | {
        "voice": kept.id,
        "status": f"version {kept.version}",
        "seconds": round(stretch.clip.duration_sec, 2),
        "language": kept.language,
        "gender": kept.gender,
        "severity": stretch.report.severity,
    }


def _voice(found: LegacyVoice, stretch: Stretch, given: argparse.Namespace) -> Voice:
    voice_id = next((made for name in (*found.names, found.stem) if (made := as_voice_id(name))), None)
    language = canonical(found.language or "")
    language = language if re.fullmatch(LANGUAGE, language) else given.language
    gender = found.gender or given.gender
    missing = [f"--{name}" for name, value in (("language", language), ("gender", gender)) if value is None]
    if voice_id is None:
        raise StudioError("no id can be made of its names: rename the file")
    if missing or language is None or gender is None:
        raise StudioError(f"the folder does not tell all of it: give {' and '.join(missing)}")
    voice = Voice(
        id=voice_id,
        names=found.names,
        language=language,
        gender=gender,
        tier="premium",
        reference=stretch.reference,
        source=SOURCE,
    )
    return replace(particulars.said_of(voice, given), language=language, gender=gender)


COMMAND = Command(purpose="take in the voice folder of an older worker", declare=_declare, run=_run)
