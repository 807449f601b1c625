"""The bundle: voices to take along, as a zip archive that is stored rather than compressed."""

from __future__ import annotations

import os
import stat
import tempfile
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

from builder.voices.entries import contents_of, require_options
from builder.voices.errors import InvalidBundle
from builder.voices.folder import Arrival
from voice_library.catalog import (
    CATALOG,
    MAX_BYTES,
    MAX_ENTRIES,
    Catalog,
    ProfileEntry,
    VoiceEntry,
    read_catalog,
    write_catalog,
)
from voice_library.embedding_file import voice_from_bytes
from voice_library.errors import VoiceLibraryError
from voice_library.header import MAX_FILE_BYTES

MADE_AT = (1980, 1, 1, 0, 0, 0)
"""The same voices make the same archive; zip knows no earlier date."""
READABLE = (stat.S_IFREG | 0o644) << 16
ENCRYPTED = 0x1
KINDS = frozenset({0, stat.S_IFREG})
"""Of what an entry says that it is; archives made elsewhere than on Unix say nothing."""


def write_bundle(path: Path, arrivals: Iterable[Arrival], profiles: Iterable[ProfileEntry]) -> None:
    """Puts the voices and their profiles at `path`, whole or not at all.

    Raises:
        OSError: the disk refuses.
    """
    unfinished = path.with_name(f".{path.name}.{uuid4().hex}.tmp")
    entries: list[VoiceEntry] = []
    try:
        with unfinished.open("xb") as file:
            with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
                for arrival in arrivals:
                    entries.append(arrival.entry)
                    if arrival.entry.file is not None and arrival.data is not None:
                        _add(archive, arrival.entry.file, arrival.data)
                catalog = Catalog(format_version=1, voices=tuple(entries), profiles=tuple(profiles))
                _add(archive, CATALOG, _catalog_data(catalog))
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bundle:
    """An archive of which every byte was checked; its files are read again when they are asked for."""

    catalog: Catalog
    archive: zipfile.ZipFile
    members: Mapping[str, zipfile.ZipInfo]

    def arrivals(self) -> Iterator[Arrival]:
        """The voices, one at a time.

        Raises:
            InvalidBundle: a file is damaged, or another than the catalogue tells.
        """
        for entry in self.catalog.voices:
            yield Arrival(entry=entry, data=None if entry.file is None else self._data(entry, entry.file))

    def _data(self, entry: VoiceEntry, file: str) -> bytes:
        try:
            data = self.archive.read(self.members[file])
            voice = voice_from_bytes(data)
            contents = contents_of(data)
        except (zipfile.BadZipFile, EOFError, VoiceLibraryError) as error:
            raise InvalidBundle(f"'{file}' in the bundle is damaged: {error}") from error
        if voice.id != entry.id or contents != entry.contents:
            raise InvalidBundle(f"'{file}' in the bundle is another file than its catalogue tells")
        return data


@contextmanager
def open_bundle(path: Path) -> Iterator[Bundle]:
    """The bundle at `path`, of which nothing was unpacked to disk but a look at its catalogue.

    Raises:
        InvalidBundle: it is none, damaged, or holds what an export never does.
        OSError: it cannot be read.
    """
    try:
        archive = zipfile.ZipFile(path)
    except (zipfile.BadZipFile, NotImplementedError, ValueError) as error:
        raise InvalidBundle(f"{path.name} is no zip archive, or a damaged one") from error
    with archive:
        members = _members(archive, path.stat().st_size)
        bundle = Bundle(catalog=_catalog(archive, members), archive=archive, members=members)
        _require_complete(bundle)
        _require_sound(bundle.catalog)
        for _ in bundle.arrivals():
            pass
        yield bundle


def _members(archive: zipfile.ZipFile, size_bytes: int) -> dict[str, zipfile.ZipInfo]:
    infos = archive.infolist()
    if len(infos) > MAX_ENTRIES + 1:
        raise InvalidBundle(f"the bundle has more than {MAX_ENTRIES} voices")
    members = {info.filename: info for info in infos}
    if len(members) < len(infos):
        raise InvalidBundle("the bundle has two files of one name")
    for info in infos:
        most = MAX_BYTES if info.filename == CATALOG else MAX_FILE_BYTES
        if info.compress_type != zipfile.ZIP_STORED or info.flag_bits & ENCRYPTED:
            raise InvalidBundle("the bundle has files that are compressed or encrypted, which an export never has")
        if stat.S_IFMT(info.external_attr >> 16) not in KINDS or info.is_dir():
            raise InvalidBundle("the bundle holds a link, a folder or a device")
        if info.file_size > most or info.compress_size != info.file_size:
            raise InvalidBundle(f"the bundle has a file of over {most // 2**20} MiB")
    if sum(info.file_size for info in infos) > size_bytes:  # those of a bomb lie over each other
        raise InvalidBundle("the bundle tells of more bytes than it has")
    return members


def _catalog(archive: zipfile.ZipFile, members: Mapping[str, zipfile.ZipInfo]) -> Catalog:
    if CATALOG not in members:
        raise InvalidBundle(f"the bundle has no {CATALOG}")
    try:
        data = archive.read(members[CATALOG])
        with tempfile.TemporaryDirectory() as folder:
            Path(folder, CATALOG).write_bytes(data)
            return read_catalog(Path(folder))
    except (zipfile.BadZipFile, EOFError, VoiceLibraryError) as error:
        raise InvalidBundle(f"{CATALOG} in the bundle: {error}") from error


def _require_complete(bundle: Bundle) -> None:
    """Returns if each file of the archive is that of one voice; the catalogue checked that no name is a path."""
    files = [entry.file for entry in bundle.catalog.voices if entry.file is not None]
    if len(set(files)) < len(files):
        raise InvalidBundle("two voices of the bundle share a file")
    missing, strange = set(files) - bundle.members.keys(), bundle.members.keys() - {*files, CATALOG}
    if missing or strange:
        raise InvalidBundle(
            f"the bundle lacks {len(missing)} files that its catalogue names, and has {len(strange)} that it does not"
        )


def _require_sound(catalog: Catalog) -> None:
    """Returns if a worker would start with the entries: a catalogue that is wrong in one keeps all voices out."""
    voices = {entry.id for entry in catalog.voices}
    if any(profile.voice not in voices for profile in catalog.profiles):
        raise InvalidBundle("the bundle has a profile without its voice")
    for voice in catalog.voices:
        require_options(voice.id, voice.options)
    for profile in catalog.profiles:
        require_options(profile.id, profile.options)


def _catalog_data(catalog: Catalog) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        write_catalog(Path(folder), catalog)
        return Path(folder, CATALOG).read_bytes()


def _add(archive: zipfile.ZipFile, name: str, data: bytes) -> None:
    info = zipfile.ZipInfo(name, MADE_AT)
    info.external_attr = READABLE
    archive.writestr(info, data)
