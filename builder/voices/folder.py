"""The folder of a library, as it is changed beside workers that read it and others who change it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from pathlib import Path

from builder.voices.entries import entry_of
from builder.voices.errors import Outrun, StudioError
from builder.voices.holdings import Holding, Holdings
from voice_library.catalog import Catalog, ProfileEntry, VoiceEntry, write_catalog
from voice_library.embedding_file import voice_to_bytes, write_whole
from voice_library.errors import NameTaken
from voice_library.lock import locked
from voice_library.store import SUFFIX
from voice_library.voice import Voice

Edit = Callable[[Voice], Voice]
Make = Callable[[Voice | None], Voice]


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """A voice as another folder has it: its entry, and its file as it is."""

    entry: VoiceEntry
    data: bytes | None


@dataclass(frozen=True, slots=True, kw_only=True)
class LibraryFolder:
    """Every change reads, edits and writes under the folder's lock; a file comes before the entry that names it.

    All raise InvalidCatalog where the catalogue is malformed, StoreUnavailable where others hold the lock too long,
    and OSError where the disk refuses.
    """

    path: Path

    def read(self) -> Holdings:
        """What is there now.

        Raises:
            StudioError: there is no such folder.
        """
        if not self.path.is_dir():
            raise StudioError(f"there is no folder {self.path}: name one with --folder")
        return Holdings.read(self.path)

    def as_it_is(self, voice_id: str) -> Arrival:
        """The voice with its file as it lies there; nothing is locked, for a folder may be one that is only read.

        Raises:
            Outrun: it is gone.
            InvalidVoiceFile: its file is missing or damaged.
        """
        held = _standing(self.read(), voice_id)
        voice = held.whole(self.path)
        data = (self.path / held.file).read_bytes() if held.file else None
        return Arrival(entry=entry_of(voice, file=held.file, data=data), data=data)

    def put(self, voice_id: str, make: Make, *, replaces: bool, listed: bool = True) -> Voice:
        """The voice that `make` makes of the one that has the id now, or of None; the folder is made if need be.

        Raises:
            NameTaken: there is one and nothing `replaces` it, or its new id, aliases or file are another's.
        """
        self.path.mkdir(parents=True, exist_ok=True)
        with locked(self.path):
            holdings = self.read()
            held = holdings.get(voice_id)
            if held is not None and not replaces:
                raise NameTaken(f"there is a voice '{held.voice.id}': choose another name, or --replace it")
            voice = make(held.whole(self.path) if held else None)
            self._write(holdings, held, voice, listed=listed or (held is not None and held.listed))
            return voice

    def change(self, voice_id: str, edit: Edit, *, adopt: bool = False) -> Voice:
        """The voice after `edit`; one that is not listed stays so unless it is to be adopted.

        Raises:
            Outrun: it is gone.
            NameTaken: its new id or an alias is another's.
            InvalidVoiceFile: its file is damaged.
        """
        with locked(self.path):
            holdings = self.read()
            held = _standing(holdings, voice_id)
            voice = edit(held.whole(self.path))
            self._write(holdings, held, voice, listed=held.listed or adopt)
            return voice

    def remove(self, voice_ids: Collection[str], *, with_profiles: bool) -> tuple[str, ...]:
        """Removes the voices; the ids of the profiles that went with them.

        Raises:
            StudioError: profiles need one of them and are to stay; nothing is removed.
        """
        with locked(self.path):
            holdings = self.read()
            gone = [held for voice_id in voice_ids if (held := holdings.get(voice_id))]
            ids = {held.voice.id for held in gone}
            needing = tuple(profile for profile in holdings.catalog.profiles if profile.voice in ids)
            if needing and not with_profiles:
                names = ", ".join(f"'{profile.id}'" for profile in needing[:8])
                raise StudioError(f"profiles need what is to be removed: {names}; --with-profiles removes them too")
            if needing or any(held.listed for held in gone):
                write_catalog(self.path, _without(holdings.catalog, ids, needing))
            for held in gone:
                if held.file:
                    (self.path / held.file).unlink(missing_ok=True)
            return tuple(profile.id for profile in needing)

    def take_in(self, arrivals: Iterable[Arrival], profiles: Iterable[ProfileEntry], *, replaces: bool) -> None:
        """Adds voices as they are, their files byte for byte, then profiles; what is here stays unless `replaces`.

        Each is a whole step: those before one that fails stay.

        Raises:
            NameTaken: an id, alias or file is that of another.
        """
        self.path.mkdir(parents=True, exist_ok=True)
        for arrival in arrivals:
            with locked(self.path):
                holdings = self.read()
                held = holdings.get(arrival.entry.id)
                if held is None or replaces:
                    holdings.require_free(arrival.entry, besides=held)
                    self._store(holdings, held, arrival.entry, arrival.data)
        with locked(self.path):
            self._add_profiles(tuple(profiles), replaces=replaces)

    def _add_profiles(self, profiles: tuple[ProfileEntry, ...], *, replaces: bool) -> None:
        catalog = self.read().catalog
        known = {profile.id: profile for profile in catalog.profiles}
        new = {profile.id: profile for profile in profiles if replaces or profile.id not in known}
        merged = tuple((known | new).values())
        if merged != catalog.profiles:
            write_catalog(self.path, catalog.model_copy(update={"profiles": merged}))

    def _write(self, holdings: Holdings, held: Holding | None, voice: Voice, *, listed: bool) -> None:
        holdings.require_free(voice, besides=held)
        kept = held.file if held is not None and held.voice.id == voice.id else None
        has_file = bool(kept or voice.reference or voice.embeddings or (held and held.file))
        file = (kept or voice.id + SUFFIX) if has_file else None
        data = voice_to_bytes(voice) if has_file else None
        entry = entry_of(voice, file=file, data=data)
        self._store(holdings, held, entry, data, listed=listed)

    def _store(
        self, holdings: Holdings, held: Holding | None, entry: VoiceEntry, data: bytes | None, *, listed: bool = True
    ) -> None:
        if entry.file is not None and data is not None:
            self._write_file(self.path / entry.file, data)
        if listed:
            after = _with(holdings.catalog, entry, before=held.entry if held else None)
            if after != holdings.catalog or not holdings.catalog.voices:
                write_catalog(self.path, after)
        if held is not None and held.file not in (None, entry.file):
            (self.path / str(held.file)).unlink(missing_ok=True)

    def _write_file(self, path: Path, data: bytes) -> None:
        """Writes what is not there already: a worker need not look at it again."""
        if path.is_symlink() or not path.is_file() or path.read_bytes() != data:
            write_whole(path, data)


def _standing(holdings: Holdings, voice_id: str) -> Holding:
    held = holdings.get(voice_id)
    if held is None:
        raise Outrun(f"the voice '{voice_id}' has just been removed or renamed by somebody else")
    return held


def _with(catalog: Catalog, entry: VoiceEntry, *, before: VoiceEntry | None) -> Catalog:
    """The catalogue with `entry` in the place of `before`, whose profiles stay its own, or at the end."""
    if before is None:
        return catalog.model_copy(update={"voices": (*catalog.voices, entry)})
    voices = tuple(entry if each.id == before.id else each for each in catalog.voices)
    profiles = tuple(
        profile.model_copy(update={"voice": entry.id}) if profile.voice == before.id else profile
        for profile in catalog.profiles
    )
    return catalog.model_copy(update={"voices": voices, "profiles": profiles})


def _without(catalog: Catalog, ids: Collection[str], profiles: Collection[ProfileEntry]) -> Catalog:
    return catalog.model_copy(
        update={
            "voices": tuple(entry for entry in catalog.voices if entry.id not in ids),
            "profiles": tuple(profile for profile in catalog.profiles if profile not in profiles),
        }
    )
