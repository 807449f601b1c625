"""The library: every voice and profile of a worker, in memory, found by id, name or alias."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Self

from voice_library.errors import InvalidCatalog, UnknownVoice
from voice_library.folder import CatalogueFolder
from voice_library.language import closeness
from voice_library.names import close_names, fold
from voice_library.search import NameIndex
from voice_library.voice import Gender, Profile, Tier, Voice


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class VoiceLibrary:
    """Voices and profiles in order of preference; built once, never changed, safe to share between threads.

    Raises:
        InvalidCatalog: two entries have the same id.
    """

    voices: tuple[Voice, ...] = ()
    profiles: tuple[Profile, ...] = ()
    _index: Mapping[str, Voice | Profile] = field(init=False, repr=False)
    """By folded id, name and alias."""
    _voices_by_id: Mapping[str, Voice] = field(init=False, repr=False)
    _names: NameIndex | None = field(init=False, repr=False)
    """Made when somebody searches."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "_names", None)
        ids = Counter(fold(entry.id) for entry in self._entries)
        twice = [f"'{entry_id}'" for entry_id, uses in ids.items() if uses > 1]
        if twice:
            raise InvalidCatalog(f"these ids are used more than once: {', '.join(twice[:8])}")
        by_id = {voice.id: voice for voice in self.voices}
        object.__setattr__(self, "_voices_by_id", MappingProxyType(by_id))
        object.__setattr__(self, "_index", MappingProxyType(dict(self._in_precedence())))

    @classmethod
    def load(cls, folder: Path) -> Self:
        """The library that `catalog.json` in `folder` describes, their files to be read when they are used.

        Raises:
            InvalidCatalog: the catalogue is malformed or contradicts itself or a voice file.
            InvalidVoiceFile: a voice file whose contents the catalogue does not tell is missing or damaged.
        """
        listing = CatalogueFolder(folder).read()
        return cls(voices=listing.voices, profiles=listing.profiles)

    def with_voices(self, voices: Iterable[Voice]) -> Self:
        """This library and, after its own, the voices an engine or a caller contributes."""
        return type(self)(voices=(*self.voices, *voices), profiles=self.profiles)

    def check(self) -> None:
        """Make sure that every profile has its voice; to be called once all voices are in.

        Raises:
            InvalidCatalog: naming the profiles and the voices they miss.
        """
        missing = [
            f"'{profile.id}' needs '{profile.voice}'"
            for profile in self.profiles
            if profile.voice not in self._voices_by_id
        ]
        if missing:
            raise InvalidCatalog(f"profiles refer to voices that do not exist: {', '.join(missing[:8])}")

    def find(self, name: str) -> Voice | Profile:
        """The entry with that id, else that name, else that alias; without regard to case and accents.

        Where several share a name, the one first in the catalogue.

        Raises:
            UnknownVoice: with up to three suggestions.
        """
        key = fold(name)
        entry = self._index.get(key) if key else None
        if entry is None:
            close = close_names(name, self._index)
            raise UnknownVoice(name, close=close, voices=len(self.voices), profiles=len(self.profiles))
        return entry

    def search(self, text: str) -> list[Voice | Profile]:
        """The voices and profiles in whose id, names, aliases or tags every word of `text` stands, in part or whole.

        Those first of whom a name begins with the first word.
        """
        if self._names is None:
            object.__setattr__(self, "_names", NameIndex(self._entries))
        return self._names.find(text) if self._names else []

    def voice_of(self, entry: Voice | Profile) -> Voice:
        """The voice that speaks for `entry`: itself, or the one its profile is built on.

        Raises:
            UnknownVoice: the profile's voice was never contributed.
        """
        if isinstance(entry, Voice):
            return entry
        voice = self._voices_by_id.get(entry.voice)
        if voice is None:
            raise UnknownVoice(entry.voice, voices=len(self.voices), profiles=len(self.profiles))
        return voice

    def select(
        self, language: str | None = None, gender: Gender | None = None, tier: Tier | None = None
    ) -> tuple[Voice, ...]:
        """The voices that fit, the closest in language first, then in the catalogue's order.

        es fits es-MX and es-ES alike; es-MX fits es-MX first, then every other Spanish.
        """
        fitting = [voice for voice in self.voices if gender in (None, voice.gender) and tier in (None, voice.tier)]
        if language is None:
            return tuple(fitting)
        close = {spoken: closeness(language, spoken) for spoken in {voice.language for voice in fitting}}
        fitting = [voice for voice in fitting if close[voice.language]]
        return tuple(sorted(fitting, key=lambda voice: close[voice.language], reverse=True))

    def for_language(self, language: str) -> Voice | None:
        """The voice to speak `language` when the caller names none."""
        return next(iter(self.select(language=language)), None)

    @property
    def _entries(self) -> tuple[Voice | Profile, ...]:
        return (*self.voices, *self.profiles)

    def _in_precedence(self) -> Iterator[tuple[str, Voice | Profile]]:
        """Every key and its entry, the strongest last, for a dict keeps the last."""
        for voice in reversed(self.voices):
            for alias in voice.aliases:
                yield fold(alias), voice
        for entry in reversed(self._entries):
            for name in entry.names:
                yield fold(name), entry
        for entry in self._entries:
            yield fold(entry.id), entry
