"""Holdings: the voices of a folder at one moment, whether its catalogue lists them or not."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from builder.voices.errors import StudioError
from voice_library.catalog import CATALOG, Catalog, VoiceEntry, profiles_of, read_catalog, voice_of
from voice_library.errors import NameTaken, VoiceLibraryError
from voice_library.library import VoiceLibrary
from voice_library.mapped import open_voice
from voice_library.names import fold
from voice_library.store import SUFFIX, FolderStore
from voice_library.voice import Voice
from worker.engines.registry import MODULES

TWICE = "has the name of another voice: rename one of the two"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Holding:
    """A voice of the folder; its arrays are read when they are asked for."""

    voice: Voice
    entry: VoiceEntry | None
    """None where no catalogue lists it, as with voices that workers saved."""
    file: str | None

    @property
    def listed(self) -> bool:
        """Whether the catalogue has it."""
        return self.entry is not None

    def whole(self, folder: Path) -> Voice:
        """The voice with what its file holds now, whatever the catalogue says of that.

        Raises:
            InvalidVoiceFile: the file is missing or damaged.
            StudioError: it is that of another voice.
        """
        if self.file is None:
            return self.voice
        found = open_voice(folder / self.file).voice
        if found.id != self.voice.id:
            raise StudioError(f"'{self.file}' holds the voice '{found.id}', not '{self.voice.id}': see `verify`")
        return replace(self.voice, reference=found.reference, embeddings=found.embeddings)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """Something of the folder that cannot be used."""

    name: str
    """A file or an id."""
    problem: str


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Holdings:
    """What the folder has; the listed voices first, in the order of the catalogue."""

    catalog: Catalog
    voices: tuple[Holding, ...] = ()
    faults: tuple[Fault, ...] = ()
    _by_key: dict[str, Holding] = field(init=False, repr=False)
    """By folded id."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "_by_key", {fold(held.voice.id): held for held in self.voices})

    @classmethod
    def read(cls, folder: Path) -> Holdings:
        """What is in `folder` now; a folder without a catalogue lists nothing.

        Raises:
            InvalidCatalog: the catalogue is malformed.
            StoreUnavailable: the folder cannot be read.
        """
        catalog = read_catalog(folder) if (folder / CATALOG).exists() else Catalog(format_version=1)
        found = [*_listed(catalog, folder), *_unlisted(catalog, folder)]
        voices: dict[str, Holding] = {}
        for held in found:
            if isinstance(held, Holding):
                voices.setdefault(fold(held.voice.id), held)
        twice = [held for held in found if isinstance(held, Holding) and voices[fold(held.voice.id)] is not held]
        faults = [each for each in found if isinstance(each, Fault)]
        faults += [Fault(name=held.voice.id, problem=TWICE) for held in twice]
        return cls(catalog=catalog, voices=tuple(voices.values()), faults=tuple(faults))

    @property
    def library(self) -> VoiceLibrary:
        """The same as a library that can be searched."""
        return VoiceLibrary(voices=tuple(held.voice for held in self.voices), profiles=profiles_of(self.catalog))

    def get(self, voice_id: str) -> Holding | None:
        """The voice of that id, None where there is none."""
        return self._by_key.get(fold(voice_id))

    def find(self, name: str) -> Holding:
        """The voice of that id, name or alias.

        Raises:
            UnknownVoice: there is none; with suggestions.
            StudioError: it is a profile, or cannot be read.
        """
        for fault in self.faults:
            if fault.name in (name, name + SUFFIX) and self.get(name) is None:
                raise StudioError(f"'{name}' cannot be used: {fault.problem}")
        library = self.library
        found = library.find(name)
        if not isinstance(found, Voice):
            raise StudioError(f"'{found.id}' is a profile of the voice '{found.voice}': name that one")
        return self._by_key[fold(found.id)]

    def require_free(self, voice: Voice | VoiceEntry, *, besides: Holding | None) -> None:
        """Returns if nothing but `besides` has the id, an alias or the file of `voice`.

        Raises:
            NameTaken: something has.
        """
        taken = dict(self._taken(besides))
        for key in (voice.id, *voice.aliases):
            if fold(key) in taken:
                raise NameTaken(f"'{key}' is taken by {taken[fold(key)]}: choose another")
            taken[fold(key)] = "the voice itself"
        engine = next((name for name in MODULES if voice.id.startswith(f"{name}-")), None)
        if engine and (besides is None or besides.voice.id != voice.id):
            raise NameTaken(f"'{voice.id}' begins like the own voices of the engine '{engine}': choose another id")

    def _taken(self, besides: Holding | None) -> Iterator[tuple[str, str]]:
        for profile in self.catalog.profiles:
            yield fold(profile.id), f"the profile '{profile.id}'"
        for fault in self.faults:
            yield fold(fault.name.removesuffix(SUFFIX)), "a file that cannot be read (`verify` says why)"
        for held in self.voices:
            if held is besides:
                continue
            for key in (held.voice.id, *held.voice.aliases, (held.file or "").removesuffix(SUFFIX)):
                if key:
                    yield fold(key), f"the voice '{held.voice.id}'"


def _listed(catalog: Catalog, folder: Path) -> Iterator[Holding | Fault]:
    for entry in catalog.voices:
        try:
            yield Holding(voice=voice_of(entry, folder), entry=entry, file=entry.file)
        except VoiceLibraryError as error:
            yield Fault(name=entry.id, problem=str(error))


def _unlisted(catalog: Catalog, folder: Path) -> Iterator[Holding | Fault]:
    store, known = FolderStore(folder), {entry.file for entry in catalog.voices}
    for voice_id in store.stamps():
        file = voice_id + SUFFIX
        if file in known:
            continue
        try:
            kept = store.open(voice_id)
            if kept is not None:
                yield Holding(voice=kept.voice, entry=None, file=file)
        except VoiceLibraryError as error:
            yield Fault(name=file, problem=str(error))
