"""The listing: which voices and profiles fit what a caller looks for, in an order that stays from page to page."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from voice_library.errors import UnknownVoice as NotInLibrary
from voice_library.language import closeness
from voice_library.library import VoiceLibrary
from voice_library.names import fold
from voice_library.voice import Profile, Voice
from worker.errors import UnknownVoice
from worker.jobs.context import Worker
from worker.request import VoicesRequest

Entry = Voice | Profile
Condition = Callable[[Entry, Voice], bool]
"""Whether an entry, and the voice that speaks for it, fit."""


def fitting(request: VoicesRequest, worker: Worker) -> list[tuple[Entry, Voice]]:
    """The entries and the voices that speak for them: the closest in language first, then as a search finds them.

    Else voices, then profiles, in the order of the library. Nothing but what that has in memory is looked at, so that
    of thousands no file is opened.

    Raises:
        UnknownVoice: the one that is asked for does not exist.
        UnknownEngine, EngineUnavailable: the engine is none, or cannot be loaded.

    """
    conditions = tuple(_conditions(request, worker))  # an engine that is loaded only now brings its voices
    if not request.voice:
        worker.upkeep.settle()
    named = _named(request.voice, worker) if request.voice else None
    library = worker.library
    found = _candidates(request, library)
    if named is not None:
        found = (entry for entry in found if entry.id == named.id)
    elif not request.engine:
        own = {voice.id for voice in worker.engines.voices}
        found = (entry for entry in found if entry.id not in own)
    spoken = [(entry, library.voice_of(entry)) for entry in found]
    spoken = [each for each in spoken if all(fits(*each) for fits in conditions)]
    if asked := request.language:
        spoken.sort(key=lambda each: closeness(asked, each[1].language), reverse=True)
    return spoken


def _named(name: str, worker: Worker) -> Entry:
    try:
        return worker.shelf.find(name)
    except NotInLibrary as error:
        raise UnknownVoice(str(error), field="voice") from error


def _candidates(request: VoicesRequest, library: VoiceLibrary) -> Iterable[Entry]:
    return library.search(request.search) if request.search else (*library.voices, *library.profiles)


def _conditions(request: VoicesRequest, worker: Worker) -> Iterator[Condition]:
    if request.kind != "all":
        yield lambda entry, _: isinstance(entry, Voice) == (request.kind == "voice")
    if asked := request.language:
        yield lambda _, voice: closeness(asked, voice.language) > 0
    if request.gender:
        yield lambda _, voice: voice.gender == request.gender
    if request.tier:
        yield lambda _, voice: voice.tier == request.tier
    if tags := {fold(tag) for tag in request.tags}:
        yield lambda _, voice: tags <= {fold(tag) for tag in voice.tags}
    if request.engine:
        engine = worker.engines[request.engine]
        yield lambda _, voice: engine.can_speak(voice)
    if request.saved:
        yield lambda entry, _: isinstance(entry, Voice) and worker.shelf.is_saved(entry)
