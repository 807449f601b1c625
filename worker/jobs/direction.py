"""Direction: in which language, at what speed, with which effects and options a voice is to speak."""

from __future__ import annotations

from dataclasses import dataclass, replace

from voice_library.voice import Effects, Profile, Voice
from worker.engines.base import Engine, primary_subtag
from worker.engines.tags import tags_in
from worker.errors import UnsupportedLanguage, UnsupportedParameter
from worker.request import EffectsRequest, EngineOptions, SpokenRequest


@dataclass(frozen=True, slots=True, kw_only=True)
class Direction:
    """The answer to "how"."""

    language: str
    effects: Effects
    """Without speed, which stands in `engine_speed` and `tempo`."""
    engine_speed: float = 1.0
    """The share of the speed that the engine renders itself."""
    tempo: float
    """The share that is stretched afterwards."""
    options: EngineOptions = EngineOptions()  # noqa: RUF009 - it is frozen
    warnings: tuple[str, ...] = ()


def directed(
    request: SpokenRequest,
    engine: Engine,
    *,
    language: str,
    profile: Profile | None = None,
    voice: Voice | None = None,
) -> Direction:
    """How `engine` is to speak `request`: as that says, else as the profile, else as what suits the voice.

    Raises:
        UnsupportedLanguage: with what the engine speaks instead.
        UnsupportedParameter: a strict request asks for what the engine does not honour.

    """
    if not engine.capabilities.speaks(language):
        raise UnsupportedLanguage(_languages(engine), field="language")
    effects = effects_of(profile, request.effects)
    speed = request.speed * effects.speed
    slowest, fastest = engine.capabilities.speed_range
    engine_speed = min(max(speed, slowest), fastest)
    options = _options(profile, request.options)
    return Direction(
        language=language,
        effects=replace(effects, speed=1.0),
        engine_speed=engine_speed,
        tempo=speed / engine_speed,
        options=_suiting(voice, engine, options),
        warnings=tuple(_warnings(request, engine, language, options)),
    )


def effects_of(profile: Profile | None, asked: EffectsRequest) -> Effects:
    """The profile's effects, each replaced by the request's where it names one."""
    return replace(profile.effects if profile else Effects(), **asked.model_dump(exclude_none=True))


def _options(profile: Profile | None, asked: EngineOptions) -> EngineOptions:
    if profile is None:
        return asked
    return EngineOptions.model_validate({**profile.options, **asked.model_dump(exclude_none=True)})


def _suiting(voice: Voice | None, engine: Engine, chosen: EngineOptions) -> EngineOptions:
    """What was chosen, over those of the voice's options that the engine honours."""
    honoured = engine.capabilities.parameters
    given = {name: value for name, value in voice.options.items() if name in honoured} if voice else {}
    return EngineOptions.model_validate({**given, **chosen.model_dump(exclude_none=True)}) if given else chosen


def _warnings(request: SpokenRequest, engine: Engine, language: str, options: EngineOptions) -> list[str]:
    """What of the request is not honoured; raises instead where the request is strict."""
    warnings = []
    for name in sorted(options.given - engine.capabilities.parameters):
        message = f"the engine {engine.name!r} does not honour {name!r}"
        if request.strict:
            honoured = ", ".join(sorted(engine.capabilities.parameters)) or "none"
            raise UnsupportedParameter(f"{message}; it honours: {honoured}", field=name)
        warnings.append(f"{message}; it was left out")
    remarks = [*_tag_remarks(request.text, engine), *engine.remarks(request.text, language)]
    return [*warnings, *(f"the engine {engine.name!r}: {remark}" for remark in remarks)]


def _tag_remarks(text: str, engine: Engine) -> list[str]:
    """Which tags it leaves out and, where it acts on any, which are mistyped."""
    found = tags_in(text)
    left_out = sum(tag not in engine.capabilities.tags for tag in found.known)
    remarks = [f"it does not act on tags such as [laugh]; {left_out} were left out"] if left_out else []
    mistyped = [tag.warning for tag in found.unknown] if engine.capabilities.tags else []
    return [*remarks, *mistyped]


def _languages(engine: Engine) -> str:
    spoken = sorted({primary_subtag(language) for language in engine.capabilities.languages})
    return f"the engine {engine.name!r} does not speak that language; it speaks {', '.join(spoken)}"
