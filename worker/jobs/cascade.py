"""The cascade of a request: its fallback steps, each cast before anything is rendered, and what is told of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import chain

from voice_library.errors import UnknownVoice as NotInLibrary
from voice_library.voice import Profile, Voice
from worker.engines.base import Engine, Submit, Take, Utterance
from worker.errors import EngineUnavailable, RequestError, UnknownVoice, UnsupportedVoice
from worker.jobs.casting import Casting, cannot_speak
from worker.jobs.consent import check_consent
from worker.jobs.context import Job, Worker
from worker.jobs.direction import directed
from worker.request import SpokenRequest
from worker.request.fallback import FallbackStep
from worker.takes.falling_back import falling_back
from worker.takes.understudy import Substitution, Understudy


@dataclass(frozen=True, slots=True, kw_only=True)
class Cascade:
    """Who may take over, in order."""

    understudies: tuple[Understudy, ...] = ()
    warnings: tuple[str, ...] = ()


def cascade_of(steps: Sequence[FallbackStep], request: SpokenRequest, casting: Casting, worker: Worker) -> Cascade:
    """The understudies of who was cast for `request`; their engines are loaded now.

    A step whose engine cannot be loaded is a warning, for whoever was cast may need no help.

    Raises:
        UnknownEngine, UnknownVoice, UnsupportedVoice, UnsupportedLanguage: a step cannot be used; the field says which.
        UnsupportedParameter, EngineUnavailable: neither can one of a strict request.

    """
    understudies: list[Understudy] = []
    warnings: list[str] = []
    for index, step in enumerate(steps):
        try:
            understudies.append(_understudy(f"fallback.{index}", step, request, casting, worker))
        except EngineUnavailable as error:
            if request.strict:
                raise
            warnings.append(f"fallback.{index} was left out: {error}")
    return Cascade(understudies=tuple(understudies), warnings=tuple(warnings))


def understudied(casting: Casting, request: SpokenRequest, worker: Worker) -> Casting:
    """The casting with those who take over as `request.fallback` says; raises as `cascade_of`."""
    cascade = cascade_of(request.fallback, request, casting, worker)
    warnings = (*casting.warnings, *cascade.warnings)
    return replace(casting, understudies=cascade.understudies, warnings=warnings)


def falling_back_from(castings: Iterable[Casting], submit: Submit, job: Job, worker: Worker) -> Submit:
    """`submit` for those who were cast, each with understudies of their own."""
    castings = tuple(castings)
    if not any(casting.understudies for casting in castings):
        return submit
    companies: dict[tuple[str, str, str], Submit] = {}
    for casting in castings:
        speaker = (casting.engine.name, casting.voice.id, casting.direction.language)
        if speaker not in companies:
            companies[speaker] = falling_back(submit, casting.understudies, worker.engines, note=job.faults.append)

    def submit_to_company(utterance: Utterance) -> Take:
        return companies[utterance.engine, utterance.voice.id, utterance.language](utterance)

    return submit_to_company


def longest_chars(engine: Engine, understudies: Iterable[Understudy], language: str) -> int:
    """The longest text of one utterance that the engine and all its understudies can say, in characters."""
    able = (engine.capabilities, *(understudy.capabilities for understudy in understudies))
    return min(capabilities.longest(language) for capabilities in able)


def told(substitutions: Mapping[Substitution, int]) -> tuple[str, ...]:
    """Warnings that say who spoke instead of whom, in how many utterances, and why."""
    warnings: list[str] = []
    for each, count in substitutions.items():
        utterances = "1 utterance was" if count == 1 else f"{count} utterances were"
        warnings.append(
            f"{utterances} asked of the engine {each.asked_engine!r} in the voice {each.asked_voice!r} and spoken by "
            f"{each.engine!r} in the voice {each.voice!r}: {', '.join(each.because)}"
        )
        warnings.extend(each.caveats)
    return tuple(dict.fromkeys(warnings))


def _understudy(path: str, step: FallbackStep, request: SpokenRequest, casting: Casting, worker: Worker) -> Understudy:
    who, which = (f"{path}.{'voice' if step.voice else 'engine'}", f"{path}.{'engine' if step.engine else 'voice'}")
    with _blamed(which):
        named = worker.engines[step.engine] if step.engine else None  # first, for it may bring the voice
    with _blamed(who):
        voice = _voice(step.voice, worker) if step.voice else casting.voice
        engine = named or _engine_for(voice, casting, worker)
        if not engine.can_speak(voice):
            raise UnsupportedVoice(cannot_speak([engine], voice, worker.library))
    language, options = casting.direction.language, casting.direction.options
    with _blamed(which):
        direction = directed(request.model_copy(update={"options": options}), engine, language=language)
    return Understudy(
        engine=engine.name, voice=voice, capabilities=engine.capabilities, on=step.on, caveats=direction.warnings
    )


def _voice(name: str, worker: Worker) -> Voice:
    try:
        entry = worker.shelf.find(name)
    except NotInLibrary as error:
        raise UnknownVoice(str(error)) from error
    if isinstance(entry, Profile):
        raise UnknownVoice(
            f"that is a profile, whose effects one utterance cannot have: name its voice {entry.voice!r}"
        )
    check_consent(entry, worker.settings)
    return entry


def _engine_for(voice: Voice, casting: Casting, worker: Worker) -> Engine:
    """The engine that was cast, or another where that one has no realisation of the voice."""
    able = [engine for engine in chain([casting.engine], worker.engines) if engine.can_speak(voice)]
    if not able:
        raise UnsupportedVoice(cannot_speak(list(worker.engines), voice, worker.library))
    speaking = [engine for engine in able if engine.capabilities.speaks(casting.direction.language)]
    return (speaking or able)[0]


@contextmanager
def _blamed(path: str) -> Iterator[None]:
    """Makes what a request has wrong name the field of the step."""
    try:
        yield
    except RequestError as error:
        raise type(error)(f"'{path}': {error}", field=path) from error
