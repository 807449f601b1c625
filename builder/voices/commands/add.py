"""`add`: recordings become voices."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from builder.voices import particulars
from builder.voices.console import Console, table
from builder.voices.errors import Misuse, StudioError
from builder.voices.recordings import Stretch, best, stretch_of
from builder.voices.studio import Command, Studio
from voice_library.errors import VoiceLibraryError
from voice_library.names import as_voice_id
from voice_library.succession import succeeding
from voice_library.voice import Voice
from worker.errors import WorkerError

COLUMNS = (
    "voice", "status", "seconds", "from_sec", "to_sec", "severity", "speech_sec", "level_dbfs", "snr_db",
    "bandwidth_hz", "f0_hz", "file", "problem",
)  # fmt: skip


def _declare(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE", help="WAV, FLAC, MP3, Ogg Vorbis or Opus")
    parser.add_argument("--name", action="append", help="for people; with it, or --id, all files are of one voice")
    parser.add_argument("--id", help="for jobs (default: made of the name, else of the file's)")
    parser.add_argument("--tag", action="append", default=[], help="word to find it by; more than one may be given")
    parser.add_argument("--alias", action="append", default=[], help="other name that jobs may use; as --tag")
    particulars.declare(parser)
    parser.add_argument("--replace", action="store_true", help="take the place of the voice that has the id")
    parser.add_argument("--whole", action="store_true", help="keep all of the recording rather than its best part")


def _run(given: argparse.Namespace, studio: Studio) -> int:
    planned = _planned(given)
    _require_free(planned, studio, replaces=given.replace)
    particulars.ask_for_missing(given, studio.console)
    rows = [
        _added(voice_id, files, given, studio) for voice_id, files in _with_bar(list(planned.items()), studio.console)
    ]
    studio.console.result(rows, table([row | row.get("figures", {}) for row in rows], COLUMNS))
    return int(any(row["problem"] for row in rows))


def _planned(given: argparse.Namespace) -> Mapping[str, Sequence[Path]]:
    """The files by the id of their voice.

    Raises:
        Misuse: a name makes no id, or two files the same.
    """
    if given.id or given.name:
        return {_id(given.id or given.name[0]): given.files}
    if given.alias and len(given.files) > 1:
        raise Misuse("--alias is one voice's: add the files one by one, or as one voice with --name")
    planned: dict[str, list[Path]] = {}
    for file in given.files:
        planned.setdefault(_id(file.stem), []).append(file)
    twice = [voice_id for voice_id, files in planned.items() if len(files) > 1]
    if twice:
        raise Misuse(f"several files would be '{twice[0]}': rename them, or make them one voice with --name")
    return planned


def _id(name: str) -> str:
    voice_id = as_voice_id(name)
    if voice_id is None:
        raise Misuse(f"no id can be made of {name!r}: give one with --id, of a-z, 0-9, - and _")
    return voice_id


def _require_free(planned: Mapping[str, Sequence[Path]], studio: Studio, *, replaces: bool) -> None:
    """What would be refused in the end is refused before anybody waits; the lock decides."""
    if replaces or not studio.folder.path.is_dir():
        return
    holdings = studio.folder.read()
    for voice_id in planned:
        if (held := holdings.get(voice_id)) is not None:
            raise StudioError(f"there is a voice '{held.voice.id}': choose another name, or --replace it")


def _with_bar(planned: list[tuple[str, Sequence[Path]]], console: Console) -> Iterator[tuple[str, Sequence[Path]]]:
    return console.progress(planned, "recordings")


def _added(voice_id: str, files: Sequence[Path], given: argparse.Namespace, studio: Studio) -> dict[str, Any]:
    row: dict[str, Any] = {"seconds": None, "severity": None, "advice": [], "problem": None}
    row |= {"voice": voice_id, "status": "refused", "file": ", ".join(file.name for file in files)}
    try:
        stretch = best([*_usable(files, given, studio.console)])
        names = tuple(given.name or (files[0].stem,))
        voice = studio.folder.put(
            voice_id, lambda before: _voice(voice_id, names, stretch, given, before), replaces=given.replace
        )
    except (StudioError, WorkerError, VoiceLibraryError) as error:
        return row | {"problem": str(error)}
    for advice in stretch.report.advice:
        studio.console.say(f"{voice.id}: {advice}")
    duration_sec = round(stretch.clip.duration_sec, 2)
    return row | stretch.row() | {"status": f"version {voice.version}", "seconds": duration_sec}


def _usable(files: Sequence[Path], given: argparse.Namespace, console: Console) -> Iterator[Stretch]:
    """The stretches of those files that can be used.

    Raises:
        WorkerError: none can; what is wrong with the last.
    """
    usable, problem = 0, None
    for file in files:
        try:
            stretch = stretch_of(file, whole=given.whole)
        except WorkerError as error:
            console.say(f"{file.name}: {error}")
            problem = error
            continue
        usable += 1
        yield stretch
    if problem and not usable:
        raise problem


def _voice(
    voice_id: str, names: tuple[str, ...], stretch: Stretch, given: argparse.Namespace, before: Voice | None
) -> Voice:
    """The voice of the recording; in the place of another it keeps what nothing new is said of."""
    kept = before or Voice(id=voice_id, names=names, language=given.language, gender=given.gender, tier="premium")
    voice = replace(
        kept,
        names=names if before is None or given.name else before.names,
        reference=stretch.reference,
        embeddings={},
        tags=tuple(given.tag) or kept.tags,
        aliases=tuple(given.alias) or kept.aliases,
    )
    return succeeding(particulars.said_of(voice, given), before)


COMMAND = Command(purpose="add recordings as voices, the best part of each", declare=_declare, run=_run)
