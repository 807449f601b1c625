"""`show`: everything about a voice, and a picture of its recording."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from builder.voices import description
from builder.voices.console import table
from builder.voices.errors import StudioError
from builder.voices.picture import draw
from builder.voices.recording.report import Report, examine
from builder.voices.studio import Command, Studio
from voice_library.embedding_file import write_whole
from voice_library.voice import Voice
from worker.audio.clip import Clip
from worker.errors import InvalidReference


def _declare(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("voice", metavar="VOICE")
    picture = parser.add_mutually_exclusive_group()
    picture.add_argument("--png", type=Path, metavar="FILE", help="where the picture goes (default: <id>.png)")
    picture.add_argument("--no-png", action="store_true", help="draw none")


def _run(given: argparse.Namespace, studio: Studio) -> int:
    held = studio.folder.read().find(given.voice)
    voice = held.whole(studio.folder.path)
    told = description.whole(voice, held, studio.folder.path)
    report = _report(voice, studio)
    told["report"] = asdict(report) if report else None
    told["picture"] = None
    if report is not None and not given.no_png:
        told["picture"] = str(_drawn(voice, report, given.png or Path(f"{voice.id}.png")))
    studio.console.result(told, _lines(told))
    return 0


def _report(voice: Voice, studio: Studio) -> Report | None:
    if voice.reference is None:
        return None
    try:
        return examine(_clip(voice))
    except InvalidReference as error:
        studio.console.say(f"{voice.id}: {error}")
        return None


def _clip(voice: Voice) -> Clip:
    if voice.reference is None:
        raise StudioError(f"'{voice.id}' has no recording")
    return Clip(samples=voice.reference.samples, sample_rate=voice.reference.sample_rate)


def _drawn(voice: Voice, report: Report, path: Path) -> Path:
    try:
        picture = draw(_clip(voice), report, title=f"{voice.names[0]} ({voice.id})", selected=None)
    except ModuleNotFoundError as error:
        raise StudioError(f"pictures need {error.name}: `make tools` installs it, --no-png does without") from error
    write_whole(path, picture)
    return path


def _lines(told: Mapping[str, Any]) -> Iterator[str]:
    for name, value in told.items():
        if name not in ("embeddings", "report"):
            yield f"{name.replace('_', ' '):<12}{_text(value)}"
    for key, arrays in told["embeddings"].items():
        yield ""
        yield f"{key}  ({sum(array['bytes'] for array in arrays)} bytes)"
        yield from table(arrays, ("array", "kind", "shape", "bytes"))
    if told["report"]:
        yield ""
        yield f"recording: {told['report']['severity']}"
        yield from (f"  {name:<16}{_text(value)}" for name, value in told["report"]["figures"].items())
        yield from (f"  {advice}" for advice in told["report"]["advice"])


def _text(value: object) -> str:
    match value:
        case None | [] | {}:
            return "-"
        case list():
            return ", ".join(map(str, value))
        case dict():
            return ", ".join(f"{name}: {_text(each)}" for name, each in value.items())
        case float():
            return f"{value:.4g}"
        case _:
            return str(value)


COMMAND = Command(purpose="show everything about a voice, and draw its recording", declare=_declare, run=_run)
