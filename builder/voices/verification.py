"""Verification: what of a library is damaged, out of date, undocumented or left over."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from itertools import chain
from pathlib import Path

from builder.voices.console import Console
from builder.voices.entries import contents_of, require_options
from builder.voices.errors import StudioError
from builder.voices.holdings import Fault, Holding, Holdings
from voice_library.catalog import CATALOG, TOLD_BY_FILE
from voice_library.embedding_file import read_voice
from voice_library.errors import VoiceLibraryError
from voice_library.lock import LOCK
from voice_library.store import SUFFIX
from voice_library.voice import Voice
from worker.engines.base import CloningEngine, Engine
from worker.engines.registry import MODULES
from worker.jobs.usage import FILE as USAGE

MEND = "`tag` without a flag mends that"
LEFT_OVER_SEC = 3600.0
"""Nobody takes so long to write a file."""
OWN = frozenset({CATALOG, LOCK, USAGE})
"""What the library and workers keep beside the voices."""
TOLD_BY_BOTH = ("names", "language", "gender", "tier", "aliases", *TOLD_BY_FILE)


def verified(folder: Path, console: Console, engines: Sequence[Engine] = ()) -> Iterator[Fault]:
    """What is wrong, voice by voice under a bar, then with the other files of the folder.

    Raises:
        InvalidCatalog: the catalogue cannot be read at all.
    """
    holdings = Holdings.read(folder)
    yield from holdings.faults
    for held in console.progress(holdings.voices, "voices"):
        for problem in chain(_undocumented(held), _realised(held.voice, engines), _file(held, folder, engines)):
            yield Fault(name=held.voice.id, problem=problem)
    yield from _profiles(holdings, engines)
    known = {held.file for held in holdings.voices} | {fault.name for fault in holdings.faults}
    yield from _strangers(folder, known)


def _undocumented(held: Holding) -> Iterator[str]:
    if not held.listed:
        yield "no catalogue lists it: a worker saved it, or it was left over; `tag` lists it, `remove` removes it"
    if not held.voice.licence:
        yield "no licence is on record: `tag --licence`"
    if not held.voice.consent:
        yield "no consent is on record: `tag --consent`"
    if held.file is None and not held.voice.engines:
        yield "nobody can speak as it: it has neither a file nor an engine's settings"


def _realised(voice: Voice, engines: Sequence[Engine]) -> Iterator[str]:
    try:
        require_options(voice.id, voice.options)
    except StudioError as error:
        yield f"{error}; no worker starts with them"
    for engine in engines:
        if engine.name in voice.engines and not engine.can_speak(voice):
            yield f"the engine '{engine.name}' does not know the voice it is to be, and no worker with it starts"


def _profiles(holdings: Holdings, engines: Sequence[Engine]) -> Iterator[Fault]:
    """Those whose voice is not here, nor is one that an engine brings."""
    brought = {voice.id for engine in engines for voice in engine.voices}
    for profile in holdings.catalog.profiles:
        own = holdings.get(profile.voice) or profile.voice in brought
        if not own and not any(profile.voice.startswith(f"{name}-") for name in MODULES):
            yield Fault(
                name=profile.id, problem=f"its voice '{profile.voice}' is missing, and no worker starts without"
            )


def _file(held: Holding, folder: Path, engines: Sequence[Engine]) -> Iterator[str]:
    if held.file is None:
        return
    path = folder / held.file
    try:
        voice = read_voice(path)
        contents = contents_of(path.read_bytes())
    except (VoiceLibraryError, OSError) as error:
        yield str(error)
        return
    if voice.id != held.voice.id:
        yield f"its file holds the voice '{voice.id}'"
        return
    if held.entry is not None:
        listed = held.entry.contents
        if listed is None:
            yield f"the catalogue does not tell what its file holds: {MEND}"
        elif listed != contents:
            different = [name for name, value in listed if value != getattr(contents, name)]
            yield f"its file differs from what the catalogue tells in {', '.join(different)}: {MEND}"
        differing = [name for name in TOLD_BY_BOTH if _told(held.voice, name) != _told(voice, name)]
        if differing:
            yield f"file and catalogue differ in {', '.join(differing)}: {MEND}"
    yield from _embeddings(voice, engines)


def _told(voice: Voice, name: str) -> object:
    value = getattr(voice, name)
    return dict(value) if name in ("lexicon", "options") else value


def _embeddings(voice: Voice, engines: Sequence[Engine]) -> Iterator[str]:
    for engine in engines:
        if not isinstance(engine, CloningEngine):
            continue
        name, _, revision = engine.embedding_key.partition("/")
        held = {key for key in voice.embeddings if key.partition("/")[0] == name}
        if engine.embedding_key not in held:
            yield f"{name} has nothing of revision {revision}: `bake` it"
        elif not engine.fits(voice.embeddings[engine.embedding_key]):
            yield f"what {name} made of it is unusable: `bake --force` it"
        for key in sorted(held - {engine.embedding_key}):
            yield f"'{key}' is of another revision than the engine's, {revision}: `bake` drops it"


def _strangers(folder: Path, known: set[str | None]) -> Iterator[Fault]:
    try:
        paths = sorted(folder.iterdir())
    except OSError as error:
        raise StudioError(f"the folder cannot be read: {error.strerror}") from error
    for path in paths:
        if path.name in OWN or path.name in known or path.name.removesuffix(SUFFIX) in known:
            continue
        if path.name.startswith(".") and path.name.endswith(".tmp"):
            if time.time() - path.lstat().st_mtime > LEFT_OVER_SEC:
                yield Fault(name=path.name, problem="left over by a writer that was killed: delete it")
            continue
        yield Fault(name=path.name, problem="no part of a library")
