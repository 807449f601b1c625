"""Casting: who speaks a request, with which engine; here, somebody of the library."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from voice_library.errors import UnknownVoice as NotInLibrary
from voice_library.library import VoiceLibrary
from voice_library.shelf import Shelf
from voice_library.voice import Profile, Voice
from worker.engines.base import Engine
from worker.engines.registry import Engines
from worker.errors import InvalidRequest, UnknownVoice, UnsupportedVoice
from worker.jobs.able import blending_engines
from worker.jobs.blends import Blend, between, blend_of, is_blend
from worker.jobs.consent import check_consent, may_be_heard
from worker.jobs.context import Worker
from worker.jobs.direction import Direction, directed
from worker.request import RecordingRequest, SynthesisRequest
from worker.takes.understudy import Understudy

USUAL_VOICE = "sarah"
"""Who speaks where neither the request nor the settings say so, and the first engine can."""
MOST_NAMED = 8
"""Names listed in a message before it says how many more there are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Casting:
    """The answer to "who speaks, and how"."""

    engine: Engine
    name: str
    """Id of the voice or profile, or the blend as it is asked for."""
    called: str = ""
    """What people call them, where anybody does."""
    voice: Voice
    direction: Direction
    understudies: tuple[Understudy, ...] = ()
    """Who takes over where this one fails."""
    warnings: tuple[str, ...] = ()
    """Of who speaks; the direction has its own."""

    @property
    def is_live(self) -> bool:
        """Whether it can be heard while it is made: what is stretched afterwards has to be there first."""
        is_stretched = self.direction.tempo != 1.0 or self.direction.effects.pitch_semitones
        return self.engine.capabilities.live and not is_stretched


def cast(request: SynthesisRequest, worker: Worker) -> Casting:
    """Who speaks `request`.

    Raises:
        UnknownVoice, UnknownEngine, UnsupportedVoice, UnsupportedLanguage: with what exists instead.
        UnsupportedParameter: a strict request asks for what the engine does not honour.
        ConsentRequired: this worker asks for consent, and the voice has none on record.

    """
    engine = None if request.engine == "auto" else worker.engines[request.engine]
    entry = named(request, worker.shelf)
    if isinstance(entry, Blend):
        return _between(entry, request, worker)
    library = worker.library
    entry = entry or _default(request, worker, library, engine)
    voice = library.voice_of(entry)
    language = request.language or voice.language
    engine = engine or _engine_for(voice, language, request, worker.engines)
    if not engine.can_speak(voice):
        raise UnsupportedVoice(cannot_speak([engine], voice, library), field="voice")
    profile = entry if isinstance(entry, Profile) else None
    direction = directed(request, engine, language=language, profile=profile, voice=voice)
    check_consent(voice, worker.settings, field="profile" if request.profile else "voice")
    return Casting(engine=engine, name=entry.id, called=_first(entry.names), voice=voice, direction=direction)


def named(request: RecordingRequest, shelf: Shelf) -> Voice | Profile | Blend | None:
    """The voice, the profile, or the blend of voices that the request names, if it does.

    Raises:
        InvalidRequest: it names a voice and a profile, or a blend that cannot be read.
        UnknownVoice: there is none of that name.

    """
    if request.voice and request.profile:
        raise InvalidRequest("send either 'voice' or 'profile': a profile brings its own voice", field="profile")
    if request.profile:
        entry = _find(shelf, request.profile, "profile")
        if not isinstance(entry, Profile):
            raise UnknownVoice("that is a voice, not a profile: send it as 'voice'", field="profile")
        return entry
    if not request.voice:
        return None
    try:
        return _find(shelf, request.voice, "voice")
    except UnknownVoice:
        if not is_blend(request.voice):
            raise
    with _typed("voice"):
        return blend_of(request.voice, shelf)


def cannot_speak(engines: Sequence[Engine], voice: Voice, library: VoiceLibrary) -> str:
    """That none of the engines can speak the voice, and which ones they can."""
    able = [other.id for other in library.voices if any(engine.can_speak(other) for engine in engines)]
    names = " and ".join(repr(engine.name) for engine in engines)
    return f"the engine {names} has no realisation of the voice {voice.id!r}; it speaks {_some(able)}"


def _between(blend: Blend, request: SynthesisRequest, worker: Worker) -> Casting:
    """Somebody between voices speaks."""
    language = request.language or blend.language
    engine = between(blend, blending_engines(request.engine, worker.engines), language)
    direction = directed(request, engine, language=language)
    for part in blend.parts:
        check_consent(part.voice, worker.settings)
    voice = blend.spoken_by(engine)
    return Casting(engine=engine, name=blend.name, called=_first(voice.names), voice=voice, direction=direction)


def _find(shelf: Shelf, name: str, field: str) -> Voice | Profile:
    with _typed(field):
        return shelf.find(name)


@contextmanager
def _typed(field: str) -> Iterator[None]:
    """Names the field that an unknown voice was asked for in."""
    try:
        yield
    except NotInLibrary as error:
        raise UnknownVoice(str(error), field=field) from error


def _default(
    request: SynthesisRequest, worker: Worker, library: VoiceLibrary, engine: Engine | None
) -> Voice | Profile:
    """The worker's default voice, unless the language or the engine asked for needs another."""
    speakers = [engine] if engine else list(worker.engines)
    default, language = worker.settings.default_voice, request.language
    if default and not language:
        entry = worker.shelf.find(default)
        if any(speaker.can_speak(library.voice_of(entry)) for speaker in speakers):
            return entry
    fitting = library.select(language=language) if language else _usual(library)
    entries = (*fitting, *library.voices)
    speaking = [speaker for speaker in speakers if not language or speaker.capabilities.speaks(language)]
    for speaker in speaking or speakers:
        for entry in entries:
            voice = library.voice_of(entry)
            if speaker.can_speak(voice) and may_be_heard(voice, worker.settings):
                return entry
    raise UnknownVoice("no voice of this worker can be spoken by its engines", field="voice")


def _usual(library: VoiceLibrary) -> tuple[Voice | Profile, ...]:
    try:
        return (library.find(USUAL_VOICE),)
    except NotInLibrary:
        return ()


def _engine_for(voice: Voice, language: str, request: SynthesisRequest, engines: Engines) -> Engine:
    """Of those that can speak the voice in the language, the one that honours most of the request."""
    able = [engine for engine in engines if engine.can_speak(voice)]
    if not able:
        needed = dict.fromkeys((*voice.engines, *(key.partition("/")[0] for key in voice.embeddings)))
        raise UnsupportedVoice(
            f"none of the engines loaded here can speak as {voice.id!r}, which was made for "
            f"{', '.join(needed) or 'none'}; load one of them, or bake the voice for another",
            field="voice",
        )
    speaking = [engine for engine in able if engine.capabilities.speaks(language)]
    return max(speaking or able, key=lambda engine: _honoured(request, engine))


def _honoured(request: SynthesisRequest, engine: Engine) -> int:
    """How many of the options and tags of the request the engine acts on."""
    text = request.text.casefold()
    tags = sum(f"[{tag}]" in text for tag in engine.capabilities.tags)
    return tags + len(request.options.given & engine.capabilities.parameters)


def _first(names: Sequence[str]) -> str:
    return names[0] if names else ""


def _some(names: list[str]) -> str:
    more = len(names) - MOST_NAMED
    return ", ".join(names[:MOST_NAMED]) + (f" and {more} more" if more > 0 else "")
