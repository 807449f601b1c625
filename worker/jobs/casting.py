"""Casting: who speaks a request, with which engine, language, effects and options."""

from __future__ import annotations

from dataclasses import dataclass, replace

from voice_library.errors import UnknownVoice as NotInLibrary
from voice_library.library import VoiceLibrary
from voice_library.voice import Effects, Profile, Voice
from worker.engines.base import Engine, primary_subtag
from worker.engines.registry import Engines
from worker.errors import (
    InvalidRequest,
    UnknownVoice,
    UnsupportedLanguage,
    UnsupportedParameter,
    UnsupportedVoice,
)
from worker.jobs.context import Worker
from worker.request import EffectsRequest, EngineOptions, SynthesisRequest

MOST_NAMED = 8
"""Names listed in a message before it says how many more there are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Casting:
    """The answer to "who speaks, and how"."""

    engine: Engine
    name: str
    """Id of the voice or profile."""
    voice: Voice
    language: str
    effects: Effects
    """Without speed, which stands in `engine_speed` and `tempo`."""
    engine_speed: float
    """The share of the speed that the engine renders itself."""
    tempo: float
    """The share that is stretched afterwards."""
    options: EngineOptions
    warnings: tuple[str, ...]


def cast(request: SynthesisRequest, worker: Worker) -> Casting:
    """Who speaks `request`.

    Raises:
        UnknownVoice, UnknownEngine, UnsupportedVoice, UnsupportedLanguage: with what exists instead.
        UnsupportedParameter: a strict request asks for what the engine does not honour.

    """
    engine = None if request.engine == "auto" else worker.engines[request.engine]
    entry = _entry(request, worker, engine)
    profile = entry if isinstance(entry, Profile) else None
    voice = worker.library.voice_of(entry)
    engine = engine or _engine_for(voice, worker.engines)
    if not engine.can_speak(voice):
        raise UnsupportedVoice(_cannot_speak(engine, voice, worker.library), field="voice")
    language = request.language or voice.language
    if not engine.capabilities.speaks(language):
        raise UnsupportedLanguage(_languages(engine), field="language")
    effects = _effects(profile, request.effects)
    speed = request.speed * effects.speed
    slowest, fastest = engine.capabilities.speed_range
    engine_speed = min(max(speed, slowest), fastest)
    options = _options(profile, request.options)
    return Casting(
        engine=engine,
        name=entry.id,
        voice=voice,
        language=language,
        effects=replace(effects, speed=1.0),
        engine_speed=engine_speed,
        tempo=speed / engine_speed,
        options=options,
        warnings=tuple(_warnings(request, engine, language, options)),
    )


def _entry(request: SynthesisRequest, worker: Worker, engine: Engine | None) -> Voice | Profile:
    """The voice or profile the request names, else one that fits its language and engine."""
    if request.voice and request.profile:
        raise InvalidRequest("send either 'voice' or 'profile': a profile brings its own voice", field="profile")
    if request.profile:
        entry = _find(worker.library, request.profile, "profile")
        if not isinstance(entry, Profile):
            raise UnknownVoice("that is a voice, not a profile: send it as 'voice'", field="profile")
        return entry
    if request.voice:
        return _find(worker.library, request.voice, "voice")
    return _default(request, worker, engine)


def _find(library: VoiceLibrary, name: str, field: str) -> Voice | Profile:
    try:
        return library.find(name)
    except NotInLibrary as error:
        raise UnknownVoice(str(error), field=field) from error


def _default(request: SynthesisRequest, worker: Worker, engine: Engine | None) -> Voice | Profile:
    """The worker's default voice, unless the language or the engine asked for needs another."""
    library, speakers = worker.library, [engine] if engine else list(worker.engines)
    fitting = (
        library.select(language=request.language) if request.language else [library.find(worker.settings.default_voice)]
    )
    entries: tuple[Voice | Profile, ...] = (*fitting, *library.voices)
    for entry in entries:
        if any(speaker.can_speak(library.voice_of(entry)) for speaker in speakers):
            return entry
    raise UnknownVoice("no voice of this worker can be spoken by its engines", field="voice")


def _engine_for(voice: Voice, engines: Engines) -> Engine:
    engine = engines.for_voice(voice)
    if engine is None:
        raise UnsupportedVoice(
            f"the voice {voice.id!r} needs one of these engines, none of which is loaded: {', '.join(voice.engines)}",
            field="voice",
        )
    return engine


def _effects(profile: Profile | None, asked: EffectsRequest) -> Effects:
    """The profile's effects, each replaced by the request's where it names one."""
    return replace(profile.effects if profile else Effects(), **asked.model_dump(exclude_none=True))


def _options(profile: Profile | None, asked: EngineOptions) -> EngineOptions:
    if profile is None:
        return asked
    return EngineOptions.model_validate({**profile.options, **asked.model_dump(exclude_none=True)})


def _warnings(request: SynthesisRequest, engine: Engine, language: str, options: EngineOptions) -> list[str]:
    """What of the request is not honoured; raises instead where the request is strict."""
    warnings = []
    for name in sorted(options.given - engine.capabilities.parameters):
        message = f"the engine {engine.name!r} does not honour {name!r}"
        if request.strict:
            honoured = ", ".join(sorted(engine.capabilities.parameters)) or "none"
            raise UnsupportedParameter(f"{message}; it honours: {honoured}", field=name)
        warnings.append(f"{message}; it was left out")
    unreadable = engine.capabilities.unreadable.get(primary_subtag(language))
    count = len(unreadable.findall(request.text)) if unreadable else 0
    if count:
        warnings.append(
            f"the engine {engine.name!r} cannot read {count} of the characters in {language!r}; they are not spoken "
            "as written"
        )
    return warnings


def _cannot_speak(engine: Engine, voice: Voice, library: VoiceLibrary) -> str:
    able = [other.id for other in library.voices if engine.can_speak(other)]
    return f"the engine {engine.name!r} has no realisation of the voice {voice.id!r}; it speaks {_some(able)}"


def _languages(engine: Engine) -> str:
    spoken = sorted({primary_subtag(language) for language in engine.capabilities.languages})
    return f"the engine {engine.name!r} does not speak that language; it speaks {', '.join(spoken)}"


def _some(names: list[str]) -> str:
    more = len(names) - MOST_NAMED
    return ", ".join(names[:MOST_NAMED]) + (f" and {more} more" if more > 0 else "")
