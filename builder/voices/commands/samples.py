"""`samples`: reference voices of the embedded engine, so that cloning can be tried without a recording."""

from __future__ import annotations

import argparse
from dataclasses import replace
from functools import partial
from pathlib import Path

from builder.voices.commands.bake import bake, told
from builder.voices.enrolment import cloning_engines, loaded
from builder.voices.folder import LibraryFolder
from builder.voices.sample_voices import SAMPLES, spoken
from builder.voices.studio import Command, Studio
from voice_library.succession import succeeding
from worker.settings import REPOSITORY

SPEAKS = "espeak"
ENROLS = "tone"
SHIPPED = REPOSITORY / "embeddings"


def _declare(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--into", type=Path, default=REPOSITORY / "voices", help="folder (default: voices/)")


def _run(given: argparse.Namespace, studio: Studio) -> int:
    folder = LibraryFolder(path=given.into)
    _ship(folder)
    with loaded(studio.settings, [SPEAKS]) as engines:
        for sample in studio.console.progress(SAMPLES, "recordings"):
            voice = spoken(sample, engines[SPEAKS])
            folder.put(voice.id, partial(succeeding, voice), replaces=True)
    settings = studio.settings
    chosen = [name for name in (*settings.engines, *settings.lazy_engines) if name not in (SPEAKS, ENROLS)]
    with cloning_engines(settings, (ENROLS, *chosen)) as cloning:
        done = bake([sample.id for sample in SAMPLES], cloning, replace(studio, folder=folder))
    studio.console.say(f"hear them: TTS_VOICES_DIR={given.into} TTS_ENGINES={SPEAKS},{ENROLS}")
    return told(done, studio)


def _ship(folder: LibraryFolder) -> None:
    """Puts the voices and profiles of the repository there, where they are not yet."""
    shipped = LibraryFolder(path=SHIPPED)
    if folder.path.resolve() == SHIPPED.resolve():
        return
    catalog = shipped.read().catalog
    folder.take_in((shipped.as_it_is(entry.id) for entry in catalog.voices), catalog.profiles, replaces=False)


COMMAND = Command(
    purpose="make a small library of reference voices with the embedded engine", declare=_declare, run=_run
)
