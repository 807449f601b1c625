"""A folder with a catalogue, which may change while it is used."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from voice_library.catalog import CATALOG, VoiceEntry, profiles_of, read_catalog, voice_of
from voice_library.mapped import Stamp
from voice_library.voice import Profile, Voice


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """What a catalogue lists, in its order."""

    voices: tuple[Voice, ...] = ()
    profiles: tuple[Profile, ...] = ()


class CatalogueFolder:
    """Reads its catalogue again only where that, or a file that it says nothing of, has changed.

    A voice whose entry stayed as it was is the same object as before, with what was read of its file already.
    """

    def __init__(self, path: Path, *, may_be_missing: bool = False) -> None:
        """`may_be_missing`: a folder without a catalogue lists nothing, until it has one."""
        self.path = path
        self._may_be_missing = may_be_missing
        self._listing = Listing()
        self._seen: tuple[Stamp | None, ...] = ()
        self._known: dict[str, tuple[VoiceEntry, Stamp | None, Voice]] = {}
        self._looked_into: dict[str, str] = {}
        """Files whose contents the catalogue does not tell, and whose they are."""

    def read(self) -> Listing:
        """What is listed now; the very same listing as the last time, if nothing has changed.

        Raises:
            InvalidCatalog: the catalogue is malformed or contradicts itself or a voice file.
            InvalidVoiceFile: a voice file is missing or damaged.
        """
        seen = self._stamps(self._looked_into)
        if seen == self._seen:
            return self._listing
        if seen[0] is None and self._may_be_missing:
            self._listing, self._known, self._looked_into = Listing(), {}, {}
        else:
            self._listing = self._read()
        # Those of before the reading: what changed meanwhile is seen the next time.
        self._seen = (seen[0], *(self._known[voice_id][1] for voice_id in self._looked_into.values()))
        return self._listing

    def _read(self) -> Listing:
        catalog = read_catalog(self.path)
        voices, known = [], {}
        for entry in catalog.voices:
            stamp = None if entry.file is None or entry.contents else _stamp(self.path / entry.file)
            before = self._known.get(entry.id)
            same = before is not None and before[:2] == (entry, stamp)
            voice = before[2] if before and same else voice_of(entry, self.path)
            known[entry.id] = (entry, stamp, voice)
            voices.append(voice)
        self._known = known
        self._looked_into = {each.file: each.id for each in catalog.voices if each.file and each.contents is None}
        return Listing(voices=tuple(voices), profiles=profiles_of(catalog))

    def _stamps(self, files: Iterable[str]) -> tuple[Stamp | None, ...]:
        return tuple(_stamp(self.path / name) for name in (CATALOG, *files))


def _stamp(path: Path) -> Stamp | None:
    try:
        return Stamp.of(path.stat())
    except OSError:
        return None
