"""The context of a job: what the worker keeps between jobs, and what is known of the one at hand."""

from __future__ import annotations

from dataclasses import dataclass, field

from voice_library.library import VoiceLibrary
from voice_library.shelf import Shelf
from voice_library.store import FolderStore, VoiceStore
from worker.cache.cache import Cache
from worker.cache.load import cache_of
from worker.delivery.s3.clip_store import clip_store
from worker.delivery.s3.connection import Connection
from worker.delivery.s3.target import target_of_worker
from worker.delivery.s3.voice_store import voice_store
from worker.engines.registry import Engines
from worker.fetch.fetcher import Fetcher
from worker.guards.check import Check
from worker.guards.recognition import FasterWhisper, Recognition
from worker.guards.usual import usual_checks
from worker.jobs.progress import Progress
from worker.jobs.upkeep import Upkeep
from worker.jobs.usage import Usage
from worker.metrics import Stopwatch, Tally
from worker.settings import Settings
from worker.takes.cancellation import Cancellation
from worker.text.normalise import normalise
from worker.vitals import Vitals


@dataclass(frozen=True, slots=True, kw_only=True)
class Worker:
    """Engines and voices, loaded once."""

    settings: Settings
    engines: Engines
    shelf: Shelf
    """The voices, with the engines' own and those that callers saved."""
    upkeep: Upkeep
    """What keeps them up to date."""
    usage: Usage = field(default_factory=Usage)
    """How often each of them was cast."""
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
        usage = Usage(settings.saved_voices_dir)
        upkeep = Upkeep(settings, engines, _store(settings), usage)
        upkeep.start()
        vitals = Vitals(memory_growth_limit_bytes=settings.memory_growth_mb * 2**20)
        target = target_of_worker(settings)
        return cls(
            settings=settings,
            engines=engines,
            shelf=upkeep.shelf,
            upkeep=upkeep,
            usage=usage,
            vitals=vitals,
            bucket=Connection(target) if target else None,
            cache=cache_of(settings, clip_store(settings)),
            checks=_checks(settings),
        )

    def close(self) -> None:
        """Writes what is still to be kept, and frees the engines; once no job is under way."""
        self.upkeep.close()
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
    cast: set[str] = field(default_factory=set)
    """Ids of the voices and profiles that it is spoken by, and of speakers who are in no library."""
    counted: bool = True
    """Whether they count as used."""
    faults: list[str] = field(default_factory=list)
    """Codes of what engines did wrong on the way, though the job may end well."""
    progress: Progress = field(default_factory=Progress)
    """Whom it tells how far it is; nobody, unless a front end listens."""


def _store(settings: Settings) -> VoiceStore | None:
    return voice_store(settings) if settings.saved_voices_dir is None else FolderStore(settings.saved_voices_dir)


def _checks(settings: Settings) -> tuple[Check, ...]:
    if not settings.guards:
        return ()
    if settings.recognition_model is None:
        return usual_checks()
    recogniser = FasterWhisper.load(settings.recognition_model)
    return (*usual_checks(), Recognition(recogniser=recogniser, spoken_form=normalise))
