"""Upkeep: the library of a worker is read and checked at start, and follows its folders and its store from then on."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence

from pydantic import ValidationError

from voice_library.errors import UnknownVoice, VoiceLibraryError
from voice_library.folder import CatalogueFolder, Listing
from voice_library.library import VoiceLibrary
from voice_library.shelf import Shelf
from voice_library.store import VoiceStore
from worker.engines.base import Engine
from worker.engines.registry import Engines
from worker.errors import InvalidSettings, WorkerError
from worker.jobs.usage import KEEP_EVERY_SEC, Usage
from worker.logs import event
from worker.request import EngineOptions
from worker.settings import Settings

logger = logging.getLogger(__name__)

FIRST_ROUND_SEC = 30.0
"""How long a list of voices waits for those in the store to be known."""


class Upkeep:
    """Keeps a shelf as its folders and its store are, by a round every few seconds in a thread of its own.

    Now and then, and at the end, it has the uses of voices kept.
    A catalogue that became wrong is logged, and the library stays as it was.
    """

    def __init__(self, settings: Settings, engines: Engines, store: VoiceStore | None, usage: Usage) -> None:
        """Reads the catalogues; the store's voices come with the first round, or when they are asked for.

        Raises:
            InvalidSettings: a catalogue or a voice file is wrong, or the default voice is not there.
        """
        self._engines = engines
        self._usage = usage
        self._folders = _folders(settings)
        self._own_folder = settings.saved_voices_dir
        self._listings = self._read()
        self._every_sec = settings.voices_refresh_sec
        self._trouble: dict[str, str] = {}
        """What was wrong with them the last time."""
        self._stopped = threading.Event()
        self._went_round = threading.Event()
        self._thread: threading.Thread | None = None
        try:
            self.shelf = Shelf(_together(self._listings), store, listed=self._listed(self._listings))
            self.shelf.contribute(engines.voices)
            check(self.shelf.library, engines)
        except VoiceLibraryError as error:
            raise InvalidSettings(f"TTS_VOICES_DIR: {error}") from error
        if settings.default_voice:
            self._check_default(settings, settings.default_voice)

    def start(self) -> None:
        """Begins the rounds, and takes in the voices of engines that are loaded late."""
        self._engines.on_load = self._contribute
        self._thread = threading.Thread(target=self._keep, name="voices", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Ends the rounds; one that is under way is waited for."""
        self._stopped.set()
        if self._thread is not None:
            self._thread.join()
        self._usage.keep()

    def settle(self) -> None:
        """Waits until what is in the store is known, or for a while."""
        if self._thread is not None:
            self._went_round.wait(FIRST_ROUND_SEC)

    def go_round(self) -> None:
        """Takes in what changed; what is wrong is logged, once, and changes nothing."""
        self._try("catalogues", self._follow_catalogues)
        self._try("saved voices", lambda: _log(self.shelf.refresh()))

    def _follow_catalogues(self) -> None:
        listings = self._read()
        if all(new is old for new, old in zip(listings, self._listings, strict=True)):
            return
        library = _together(listings)
        check(library.with_voices(self._engines.voices), self._engines)
        _log(self.shelf.restock(library, listed=self._listed(listings)))
        self._listings = listings
        event(logger, "the voices were read anew", voices=len(library.voices), profiles=len(library.profiles))

    def _try(self, what: str, take_in: Callable[[], None]) -> None:
        trouble = ""
        try:
            take_in()
        except (VoiceLibraryError, WorkerError, OSError) as error:
            trouble = f"{error}"
        if trouble and trouble != self._trouble.get(what):
            logger.error("the %s stay as they were: %s", what, trouble)
        self._trouble[what] = trouble

    def _keep(self) -> None:
        self.go_round()
        self._usage.keep()
        self._went_round.set()
        while not self._stopped.wait(self._every_sec or KEEP_EVERY_SEC):
            if self._every_sec:
                self.go_round()
            self._usage.keep_now_and_then()

    def _read(self) -> list[Listing]:
        try:
            return [folder.read() for folder in self._folders]
        except VoiceLibraryError as error:
            raise InvalidSettings(f"TTS_VOICES_DIR: {error}") from error

    def _listed(self, listings: Iterable[Listing]) -> frozenset[str]:
        """Ids that a catalogue in the store's own folder lists."""
        own = (each for folder, each in zip(self._folders, listings, strict=True) if folder.path == self._own_folder)
        return frozenset(voice.id for listing in own for voice in listing.voices)

    def _contribute(self, engine: Engine) -> None:
        _log(self.shelf.contribute(engine.voices))

    def _check_default(self, settings: Settings, name: str) -> None:
        try:
            voice = self.shelf.library.voice_of(self.shelf.find(name))
        except UnknownVoice as error:
            raise InvalidSettings(f"TTS_DEFAULT_VOICE: {error}") from error
        if settings.require_consent and not voice.consent.strip():
            raise InvalidSettings(f"TTS_DEFAULT_VOICE: no consent is on record for {voice.id!r}: choose another voice")


def check(library: VoiceLibrary, engines: Engines) -> None:
    """Makes sure that the engines know what the library asks of them.

    Raises:
        InvalidCatalog: a profile's voice does not exist.
        InvalidSettings: an engine does not know a realisation, or options are none of an engine.
    """
    library.check()
    for engine in engines:
        for voice in library.voices:
            if engine.name in voice.engines and not engine.can_speak(voice):
                raise InvalidSettings(
                    f"catalog.json: the engine {engine.name!r} does not know the realisation of the voice {voice.id!r}"
                )
    for profile in library.profiles:
        _check_options(f"the profile {profile.id!r}", profile.options)
    for voice in library.voices:
        _check_options(f"the voice {voice.id!r}", voice.options)


def _check_options(whose: str, options: Mapping[str, object]) -> None:
    if not options:
        return
    try:
        EngineOptions.model_validate(dict(options))
    except ValidationError as error:
        raise InvalidSettings(f"catalog.json: the options of {whose} are not engine options") from error


def _together(listings: Sequence[Listing]) -> VoiceLibrary:
    return VoiceLibrary(
        voices=tuple(voice for listing in listings for voice in listing.voices),
        profiles=tuple(profile for listing in listings for profile in listing.profiles),
    )


def _folders(settings: Settings) -> list[CatalogueFolder]:
    folders = [CatalogueFolder(settings.voices_dir)]
    saved = settings.saved_voices_dir
    if saved is not None and saved != settings.voices_dir:
        folders.append(CatalogueFolder(saved, may_be_missing=True))
    return folders


def _log(problems: Iterable[VoiceLibraryError]) -> None:
    for problem in problems:
        logger.error("a saved voice was left out: %s", problem)
