"""The shelf: the library of a worker, and a store for the voices that are made while it runs."""

from __future__ import annotations

import threading
from collections.abc import Collection, Hashable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor

from voice_library.errors import (
    InvalidVoiceFile,
    NameTaken,
    NotRemovable,
    UnknownVoice,
    VoiceChanged,
    VoiceLibraryError,
)
from voice_library.library import VoiceLibrary
from voice_library.names import as_voice_id, fold
from voice_library.store import Kept, VoiceStore
from voice_library.succession import same, short_enough, succeeding
from voice_library.voice import Profile, Voice

OPENERS = 16
"""Voices of a store that are opened at the same time: on a volume or in a bucket each is a wait."""
ATTEMPTS = 5
"""At saving a voice that others save at the same time."""


class Shelf:
    """Holds one library after another; whoever has taken one keeps it as it is."""

    def __init__(self, library: VoiceLibrary, store: VoiceStore | None = None, *, listed: Collection[str] = ()) -> None:
        """`library` is what no saved voice replaces; without a `store` none is saved.

        `listed` are ids of the library whose files lie in the store, where a catalogue beside them lists them.
        """
        self.store = store
        self._saving = threading.Lock()
        """One voice is saved or removed at a time, which may take as long as the store does."""
        self._swapping = threading.Lock()
        """For the moment in which one library takes the place of another."""
        self._catalogued = library
        self._listed = frozenset(listed)
        self._contributed: tuple[Voice, ...] = ()
        self._given = library
        """What is catalogued and what engines contributed."""
        self._saved: Mapping[str, Kept] = {}
        """By folded id."""
        self._refused: dict[str, Hashable] = {}
        """Stamps of what the store has and is left out, by id: each is told once."""
        self._library = library

    @property
    def library(self) -> VoiceLibrary:
        """The given voices and, after them, the saved ones, as far as they are known here."""
        return self._library

    def is_saved(self, voice: Voice) -> bool:
        """Whether the voice is one that was saved, rather than given."""
        return fold(voice.id) in self._saved

    def find(self, name: str) -> Voice | Profile:
        """The entry that the library finds; a saved voice as it is in the store now, whoever saved it.

        Raises:
            UnknownVoice: with up to three suggestions.
            InvalidVoiceFile: a voice of that name was saved, but its file is damaged.
            StoreUnavailable: the store would have to be asked, and is out of reach.
        """
        try:
            entry = self._library.find(name)
        except UnknownVoice:
            if not any(self._fetch(voice_id) for voice_id in ids_of(name)):
                raise
            return self._library.find(name)
        kept = self._saved.get(fold(entry.id)) if isinstance(entry, Voice) else None
        if kept is None or self.store is None or self.store.stamp(entry.id) == kept.stamp:
            return entry
        self._fetch(entry.id)
        return self._library.find(name)

    def restock(self, library: VoiceLibrary, *, listed: Collection[str] = ()) -> list[VoiceLibraryError]:
        """Puts another library in the place of the given one; what engines contributed stays.

        What has to go of the saved voices, because the library has their names now, is told.

        Raises:
            InvalidCatalog: it has an id that an engine's voice has; nothing has changed.
        """
        with self._swapping:
            given = library.with_voices(self._contributed)
            self._catalogued, self._listed = library, frozenset(listed)
            return self._settle(given, self._saved)

    def contribute(self, voices: Iterable[Voice]) -> list[VoiceLibraryError]:
        """Adds voices that no saved one replaces, such as those an engine brings that is loaded late; as `restock`.

        Raises:
            InvalidCatalog: there is a voice or profile of such a name; nothing has changed.
        """
        with self._swapping:
            contributed = (*self._contributed, *voices)
            given = self._catalogued.with_voices(contributed)
            self._contributed = contributed
            return self._settle(given, self._saved)

    def refresh(self) -> list[VoiceLibraryError]:
        """Takes in what changed in the store; what is wrong with voices that were left out, each told once.

        Raises:
            StoreUnavailable: the store cannot be asked.
        """
        if self.store is None:
            return []
        before = self._saved
        stamps = self.store.stamps()
        changed = [voice_id for voice_id, stamp in stamps.items() if self._is_news(voice_id, stamp, before)]
        problems: list[VoiceLibraryError] = []
        found: dict[str, Kept | None] = dict.fromkeys(before.keys() - {fold(voice_id) for voice_id in stamps})
        with ThreadPoolExecutor(OPENERS, thread_name_prefix="voices") as openers:
            for voice_id, opening in [(each, openers.submit(self._opened, each)) for each in changed]:
                try:
                    known = found.get(fold(voice_id)) or before.get(fold(voice_id))
                    if known is not None and known.voice.id != voice_id and known.voice.id in stamps:
                        raise NameTaken(f"'{voice_id}' and '{known.voice.id}' were both saved, and are one name")
                    found[fold(voice_id)] = opening.result()
                except VoiceLibraryError as error:
                    if not error.retryable:
                        self._refused[voice_id] = stamps[voice_id]
                    problems.append(error)
        self._take_in(found, before)
        return problems

    def _is_news(self, voice_id: str, stamp: Hashable, known: Mapping[str, Kept]) -> bool:
        kept = known.get(fold(voice_id))
        return self._refused.get(voice_id) != stamp and (
            kept is None or (kept.voice.id, kept.stamp) != (voice_id, stamp)
        )

    def check(self, voice: Voice, *, replaces: bool) -> None:
        """Raises what `save` would, before anything is made for it.

        Raises:
            NameTaken: another voice or a profile has that name.
            InvalidVoiceFile: a file of that name is there, but damaged.
            StoreUnavailable: the store cannot be asked.
        """
        self._standing(short_enough(voice), replaces=replaces)

    def save(self, voice: Voice, *, replaces: bool) -> Voice:
        """The voice as it is kept from now on, its reference no longer than a voice file may hold.

        The same recording under the same name is kept once, however often it is saved; another has the next version.

        Raises:
            NameTaken: another voice or a profile has that name; one saved before gives way if `replaces`.
            InvalidVoiceFile: the voice breaks a limit of voice files.
            VoiceChanged: others saved it again and again at the same time.
            StoreUnavailable, OSError: the store refuses; nothing has changed.
        """
        if self.store is None:
            raise ValueError("a shelf without a store saves nothing")
        voice = short_enough(voice)
        with self._saving, self.store.exclusive():
            kept = self._written(self.store, voice, replaces=replaces)
            self._take_in({fold(kept.voice.id): kept}, self._saved)
            return kept.voice

    def remove(self, voice_id: str) -> bool:
        """Removes the saved voice of that id for everybody, damaged or not; whether it was still there.

        Raises:
            NotRemovable: it is one of the library, which is not removed from here.
            StoreUnavailable, OSError: the store refuses; nothing has changed.
        """
        if self.store is None or voice_id in self._listed or _found(self._given, voice_id):
            raise NotRemovable(f"'{voice_id}' is a voice of this worker's library, which jobs do not remove")
        with self._saving, self.store.exclusive():
            was_there = self.store.remove(voice_id)
            self._take_in({fold(voice_id): None}, self._saved)
            return was_there

    def _fetch(self, voice_id: str) -> bool:
        """Takes in the voice as the store has it now, or lets go of it; whether it is there."""
        if self.store is None:
            return False
        before = self._saved
        kept = self._opened(voice_id)
        self._take_in({fold(voice_id): kept}, before)
        return kept is not None

    def _opened(self, voice_id: str) -> Kept | None:
        """The voice in the store, unless a catalogue beside it lists it."""
        kept = None if self.store is None or voice_id in self._listed else self.store.open(voice_id)
        if kept is not None and _found(self._given, voice_id):
            raise NameTaken(f"'{voice_id}' was saved, but a voice or profile of that name is there already")
        return kept

    def _take_in(self, found: Mapping[str, Kept | None], before: Mapping[str, Kept]) -> None:
        """What the store had after `before`; what changed here since then is newer, and stays."""
        with self._swapping:
            saved = dict(self._saved)
            for key, kept in found.items():
                if saved.get(key) is not before.get(key):
                    continue
                if kept is not None:
                    saved[key] = kept
                else:
                    saved.pop(key, None)
            if saved != self._saved:
                self._settle(self._given, saved)

    def _settle(self, given: VoiceLibrary, saved: Mapping[str, Kept]) -> list[VoiceLibraryError]:
        """The library of both, all at once; saved voices whose name a given one has are left out, and told."""
        ours = {key: kept for key, kept in saved.items() if not _found(given, kept.voice.id)}
        self._library = given.with_voices(ours[key].voice for key in sorted(ours))
        self._given, self._saved = given, ours
        return [
            NameTaken(f"the saved voice '{kept.voice.id}' is left out: a voice or profile of that name came")
            for key, kept in saved.items()
            if key not in ours and kept.voice.id not in self._listed
        ]

    def _written(self, store: VoiceStore, voice: Voice, *, replaces: bool) -> Kept:
        for _ in range(ATTEMPTS):
            standing = self._standing(voice, replaces=replaces)
            known = self._saved.get(fold(voice.id))
            over = standing.stamp if standing else store.stamp(known.voice.id if known else voice.id)
            try:
                return store.write(succeeding(voice, standing.voice if standing else None), over=over)
            except VoiceChanged as error:
                changed = error
        raise changed

    def _standing(self, voice: Voice, *, replaces: bool) -> Kept | None:
        """The saved voice that has the name of `voice`, by this worker or another one on the same store."""
        if _found(self._given, voice.id) or voice.id in self._listed:
            raise NameTaken(f"'{voice.id}' is a voice or profile of this worker's library: choose another name")
        known = self._saved.get(fold(voice.id))
        try:
            standing = self.store.open(known.voice.id if known else voice.id) if self.store else None
        except InvalidVoiceFile:
            if not replaces:
                raise
            return None
        if standing is not None and not replaces and not same(standing.voice, voice):
            raise NameTaken(f"a voice '{voice.id}' was saved before: choose another name, or replace it")
        return standing


def ids_of(name: str) -> tuple[str, ...]:
    """The ids under which a voice of that name may have been saved: My Voice is my-voice."""
    voice_id = as_voice_id(name)
    return () if voice_id is None else tuple(dict.fromkeys((voice_id, fold(voice_id))))


def _found(library: VoiceLibrary, name: str) -> bool:
    try:
        library.find(name)
    except UnknownVoice:
        return False
    return True
