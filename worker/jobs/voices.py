"""The voices job: what can speak here, and what each engine honours."""

from __future__ import annotations

from collections.abc import Iterator

from voice_library.errors import UnknownVoice as NotInLibrary
from voice_library.voice import Profile, Voice
from worker.engines.base import CloningEngine, ConvertingEngine, Engine
from worker.errors import UnknownVoice
from worker.jobs.context import Job, Worker
from worker.reply import EngineReply, ParameterReply, VoiceReply, VoicesReply
from worker.request import EngineOptions, VoicesRequest


def run(request: VoicesRequest, job: Job, worker: Worker) -> VoicesReply:  # noqa: ARG001 - the shape of a job
    """The voices and profiles that fit, and the engines."""
    engines = [worker.engines[request.engine]] if request.engine else list(worker.engines)
    entries = _named(request.voice, worker) if request.voice else _fitting(request, worker)
    return VoicesReply(
        voices=tuple(_voice(entry, worker) for entry in entries),
        engines=tuple(_engine(engine) for engine in engines),
    )


def _named(name: str, worker: Worker) -> list[Voice | Profile]:
    try:
        return [worker.library.find(name)]
    except NotInLibrary as error:
        raise UnknownVoice(str(error), field="voice") from error


def _fitting(request: VoicesRequest, worker: Worker) -> Iterator[Voice | Profile]:
    """Library voices, then profiles; an engine's own voices only where that engine is asked for."""
    own = set() if request.engine else {voice.id for voice in worker.engines.voices}
    engine = worker.engines[request.engine] if request.engine else None
    fitting = worker.library.select(language=request.language, gender=request.gender, tier=request.tier)
    spoken = [voice for voice in fitting if engine is None or engine.can_speak(voice)]
    yield from (voice for voice in spoken if voice.id not in own)
    ids = {voice.id for voice in spoken}
    yield from (profile for profile in worker.library.profiles if profile.voice in ids)


def _voice(entry: Voice | Profile, worker: Worker) -> VoiceReply:
    voice = worker.library.voice_of(entry)
    return VoiceReply(
        id=entry.id,
        kind="voice" if isinstance(entry, Voice) else "profile",
        names=entry.names,
        language=voice.language,
        gender=voice.gender,
        tier=voice.tier,
        engines=tuple(engine.name for engine in worker.engines if engine.can_speak(voice)),
        aliases=entry.aliases if isinstance(entry, Voice) else (),
        description=entry.description or None if isinstance(entry, Profile) else None,
    )


def _engine(engine: Engine) -> EngineReply:
    capabilities = engine.capabilities
    return EngineReply(
        name=engine.name,
        sample_rate=engine.sample_rate,
        languages=tuple(sorted(capabilities.languages)),
        parameters=tuple(
            ParameterReply(name=name, description=EngineOptions.model_fields[name].description or "")
            for name in sorted(capabilities.parameters)
        ),
        speed_range=capabilities.speed_range,
        max_chars=capabilities.max_chars,
        tags=tuple(sorted(capabilities.tags)),
        cloning=isinstance(engine, CloningEngine),
        conversion=isinstance(engine, ConvertingEngine),
    )
