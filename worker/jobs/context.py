"""The context of a job: what the worker keeps between jobs, and what is known of the one at hand."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field

from pydantic import ValidationError

from voice_library.errors import UnknownVoice, VoiceLibraryError
from voice_library.library import VoiceLibrary
from voice_library.shelf import Shelf
from worker.cache.cache import Cache
from worker.cache.load import cache_of
from worker.delivery.s3.clip_store import clip_store
from worker.delivery.s3.connection import Connection
from worker.delivery.s3.target import target_of_worker
from worker.engines.registry import Engines
from worker.errors import InvalidSettings
from worker.fetch.fetcher import Fetcher
from worker.guards.check import Check
from worker.guards.recognition import FasterWhisper, Recognition
from worker.guards.usual import usual_checks
from worker.jobs.progress import Progress
from worker.metrics import Stopwatch, Tally
from worker.request import EngineOptions
from worker.settings import Settings
from worker.takes.cancellation import Cancellation
from worker.text.normalise import normalise
from worker.vitals import Vitals

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Worker:
    """Engines and voices, loaded once."""

    settings: Settings
    engines: Engines
    shelf: Shelf
    """The voices, with the engines' own and those that callers saved."""
    vitals: Vitals
    bucket: Connection | None = None
    """The worker's own S3 bucket, where one is set up."""
    fetcher: Fetcher = field(default_factory=Fetcher)
    """For the recordings that callers name."""
    tally: Tally = field(default_factory=Tally)
    cache: Cache
    """Utterances that were rendered before."""
    checks: tuple[Check, ...] = ()
    """What utterances are judged by before they are heard."""

    @property
    def library(self) -> VoiceLibrary:
        """The voices of this moment; who needs it twice keeps it, for a job may save another."""
        return self.shelf.library

    @classmethod
    def load(cls, settings: Settings) -> Worker:
        """Loads every engine and voice the settings name.

        Raises:
            InvalidSettings: an engine's name, the catalog or a voice file is wrong.
            EngineUnavailable: an engine's library, data or weights are missing.

        """
        engines = Engines.load(settings)
        shelf = _shelf(settings, _library(settings, engines))
        engines.on_load = lambda engine: shelf.contribute(engine.voices)
        vitals = Vitals(memory_growth_limit_bytes=settings.memory_growth_mb * 2**20)
        target = target_of_worker(settings)
        return cls(
            settings=settings,
            engines=engines,
            shelf=shelf,
            vitals=vitals,
            bucket=Connection(target) if target else None,
            cache=cache_of(settings, clip_store(settings)),
            checks=_checks(settings),
        )

    def close(self) -> None:
        """Writes what is still to be kept, and frees the engines; once no job is under way."""
        self.cache.close()
        self.engines.close()


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One job under way."""

    id: str
    queue_sec: float = 0.0
    """Seconds it waited in this worker for a free lane."""
    s3_config: object = field(default=None, repr=False)
    """The bucket that the caller brings along, as the platform hands it on; it holds secrets."""
    stopwatch: Stopwatch = field(default_factory=Stopwatch)
    cancellation: Cancellation = field(default_factory=Cancellation)
    faults: list[str] = field(default_factory=list)
    """Codes of what engines did wrong on the way, though the job may end well."""
    progress: Progress = field(default_factory=Progress)
    """Whom it tells how far it is; nobody, unless a front end listens."""


def _checks(settings: Settings) -> tuple[Check, ...]:
    if not settings.guards:
        return ()
    if settings.recognition_model is None:
        return usual_checks()
    recogniser = FasterWhisper.load(settings.recognition_model)
    return (*usual_checks(), Recognition(recogniser=recogniser, spoken_form=normalise))


def _library(settings: Settings, engines: Engines) -> VoiceLibrary:
    try:
        library = VoiceLibrary.load(settings.voices_dir).with_voices(engines.voices)
        library.check()
    except VoiceLibraryError as error:
        raise InvalidSettings(f"TTS_VOICES_DIR: {error}") from error
    _check_realisations(library, engines)
    _check_options(library)
    return library


def _shelf(settings: Settings, library: VoiceLibrary) -> Shelf:
    """The library with the voices that callers saved; one that cannot be read is no reason not to start."""
    shelf = Shelf(library, settings.saved_voices_dir)
    for problem in shelf.load():
        logger.error("a saved voice was left out: %s", problem)
    if settings.default_voice:
        _check_default(settings.default_voice, shelf.library)
    return shelf


def _check_realisations(library: VoiceLibrary, engines: Engines) -> None:
    for engine in engines:
        for voice in library.voices:
            if engine.name in voice.engines and not engine.can_speak(voice):
                raise InvalidSettings(
                    f"catalog.json: the engine {engine.name!r} does not know the realisation of the voice {voice.id!r}"
                )


def _check_options(library: VoiceLibrary) -> None:
    for profile in library.profiles:
        try:
            EngineOptions.model_validate(dict(profile.options))
        except ValidationError as error:
            raise InvalidSettings(
                f"catalog.json: the options of the profile {profile.id!r} are not engine options"
            ) from error


def _check_default(name: str, library: VoiceLibrary) -> None:
    try:
        library.find(name)
    except UnknownVoice as error:
        raise InvalidSettings(f"TTS_DEFAULT_VOICE: {error}") from error
