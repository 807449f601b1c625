"""Enrolment: the embeddings that engines make of a voice's recording are put into its file."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial

from builder.voices.errors import Outrun, StudioError
from builder.voices.folder import LibraryFolder
from voice_library.errors import VoiceLibraryError
from voice_library.voice import Embedding, Voice
from worker.engines.base import CloningEngine
from worker.engines.registry import Engines
from worker.errors import WorkerError
from worker.settings import Settings

ATTEMPTS = 3
"""At a voice whose recording others replace meanwhile."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Enrolled:
    """What became of one voice with one engine."""

    voice: str
    engine: str
    revision: str
    status: str
    """made, up to date, or failed."""
    took_sec: float = 0.0
    dropped: tuple[str, ...] = ()
    """Keys of older revisions that went."""
    problem: str = ""


class _Replaced(Exception):
    """The recording is another than the one that was enrolled."""


@contextmanager
def loaded(settings: Settings, names: Sequence[str]) -> Iterator[Engines]:
    """The engines of those names, closed at the end.

    Raises:
        InvalidSettings, EngineUnavailable: there is no such engine, or it cannot be loaded here.
    """
    engines = Engines.load(settings.model_copy(update={"engines": tuple(names), "lazy_engines": ()}))
    try:
        yield engines
    finally:
        engines.close()


@contextmanager
def cloning_engines(settings: Settings, names: Sequence[str]) -> Iterator[tuple[CloningEngine, ...]]:
    """Those of the engines that clone.

    Raises:
        StudioError: none of them does.
        InvalidSettings, EngineUnavailable: as of `loaded`.
    """
    with loaded(settings, names) as engines:
        cloning = tuple(engine for engine in engines if isinstance(engine, CloningEngine))
        if not cloning:
            raise StudioError(f"none of these engines clones: {', '.join(names)}; set TTS_ENGINES or --engines")
        yield cloning


def enrol(
    folder: LibraryFolder, name: str, engines: Sequence[CloningEngine], *, force: bool = False, keep_old: bool = False
) -> tuple[Enrolled, ...]:
    """What became of the voice with each engine; those that fail hold up no other.

    Raises:
        StudioError, VoiceLibraryError: the voice cannot be read or written.
    """
    for _ in range(ATTEMPTS):
        held = folder.read().find(name)
        voice = held.whole(folder.path)
        made = [_made(voice, engine, force=force) for engine in engines]
        new = {engine.embedding_key: embedding for engine, (_, embedding) in zip(engines, made, strict=True)}
        fresh = {key: embedding for key, embedding in new.items() if embedding is not None}
        current = {**fresh, **{key: voice.embeddings[key] for key in new if key in voice.embeddings}}
        old = () if keep_old else _older(voice, current)
        try:
            if fresh or old:
                folder.change(held.voice.id, partial(_merged, seen=voice, add=fresh, drop=old))
        except _Replaced:
            continue
        return tuple(replace(each, dropped=_of_engine(old, each.engine)) for each, _ in made)
    raise Outrun(f"the recording of '{name}' is replaced again and again by others: run it again later")


def _made(voice: Voice, engine: CloningEngine, *, force: bool) -> tuple[Enrolled, Embedding | None]:
    name, _, revision = engine.embedding_key.partition("/")
    told = Enrolled(voice=voice.id, engine=name, revision=revision, status="up to date")
    began = time.monotonic()
    try:
        standing = voice.embeddings.get(engine.embedding_key)
        if standing is not None and engine.fits(standing) and not (force and voice.reference):
            return told, None
        if voice.reference is None:
            return replace(told, status="failed", problem="the voice has no recording to enrol"), None
        embedding = engine.enroll(voice.reference)
    except (WorkerError, VoiceLibraryError) as error:
        return replace(told, status="failed", problem=str(error)), None
    return replace(told, status="made", took_sec=round(time.monotonic() - began, 3)), embedding


def _older(voice: Voice, current: Mapping[str, Embedding]) -> tuple[str, ...]:
    """Keys of other revisions of the engines that have a current one."""
    engines = {key.partition("/")[0] for key in current}
    return tuple(key for key in voice.embeddings if key.partition("/")[0] in engines and key not in current)


def _of_engine(keys: Sequence[str], engine: str) -> tuple[str, ...]:
    return tuple(key for key in keys if key.partition("/")[0] == engine)


def _merged(now: Voice, *, seen: Voice, add: Mapping[str, Embedding], drop: Sequence[str]) -> Voice:
    if _recording(now) != _recording(seen):
        raise _Replaced
    kept = {key: embedding for key, embedding in now.embeddings.items() if key not in drop}
    return replace(now, embeddings={**kept, **add})


def _recording(voice: Voice) -> bytes:
    return voice.reference.digest if voice.reference else b""
