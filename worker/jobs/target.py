"""Targets: in whose voice a recording is said again, and by which engine."""

from __future__ import annotations

from dataclasses import dataclass

from voice_library.voice import Profile, Voice
from worker.engines.base import ConvertingEngine
from worker.errors import InvalidRequest, UnsupportedVoice
from worker.jobs.able import blending_converters, cloning_converters, converting_engines
from worker.jobs.blends import Blend, between
from worker.jobs.casting import cannot_speak, named
from worker.jobs.clones import cloner_of, heard_clone, native_language, sent_embedding
from worker.jobs.consent import check_consent, overruled
from worker.jobs.context import Worker
from worker.request import ConversionRequest


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A voice, and an engine that can convert to it."""

    engine: ConvertingEngine
    name: str
    """Id of the voice or profile."""
    voice: Voice
    profile: Profile | None = None
    heard: str = ""
    """Digest of what came with the request for it."""
    warnings: tuple[str, ...] = ()


def target_of(request: ConversionRequest, worker: Worker) -> Target:
    """Whose voice the request asks for.

    Raises:
        InvalidRequest: it names nobody, or more than one.
        UnknownVoice, UnknownEngine, UnsupportedVoice, UnsupportedJob: with what exists instead.
        ConsentRequired: this worker asks for consent, and the voice has none on record.
        WorkerError: the recording or the embedding of the target cannot be used.

    """
    if request.reference_audio is None and request.voice_embedding is None:
        return _of_library(request, worker)
    if request.voice or request.profile:
        raise InvalidRequest(
            "send one voice to convert to: 'voice', 'profile', 'reference_audio' or 'voice_embedding'",
            field="voice" if request.voice else "profile",
        )
    sent = sent_embedding(request, worker)
    engine = cloner_of(cloning_converters(request.engine, worker.engines), sent, worker.engines)
    clone = sent or heard_clone(request, engine, native_language(engine), worker)
    return Target(engine=engine, name=clone.voice.id, voice=clone.voice, heard=clone.heard, warnings=clone.warnings)


def _of_library(request: ConversionRequest, worker: Worker) -> Target:
    entry = named(request, worker.shelf)
    if entry is None:
        raise InvalidRequest(
            "say whose voice the recording is to have: send 'voice', 'profile', 'reference_audio' or 'voice_embedding'",
            field="voice",
        )
    if isinstance(entry, Blend):
        return _between(entry, request, worker)
    library, field = worker.library, "voice" if request.voice else "profile"
    voice = library.voice_of(entry)
    engines = converting_engines(request.engine, worker.engines)
    engine = next((one for one in engines if one.can_speak(voice)), None)
    if engine is None:
        raise UnsupportedVoice(cannot_speak(engines, voice, library), field=field)
    check_consent(voice, worker.settings, field=field)
    return Target(
        engine=engine,
        name=entry.id,
        voice=voice,
        profile=entry if isinstance(entry, Profile) else None,
        warnings=overruled(request, voice),
    )


def _between(blend: Blend, request: ConversionRequest, worker: Worker) -> Target:
    """The recording is said by somebody between voices."""
    engine = between(blend, blending_converters(request.engine, worker.engines), blend.language)
    for part in blend.parts:
        check_consent(part.voice, worker.settings)
    voice = blend.spoken_by(engine)
    return Target(engine=engine, name=blend.name, voice=voice, warnings=overruled(request, voice))
