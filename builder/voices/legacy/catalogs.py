"""The two catalogues that may lie beside the voices, read together."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

from builder.voices.legacy import name_mapping, voice_catalog
from builder.voices.legacy.errors import LegacyError, UnusableCatalog
from builder.voices.legacy.faults import Faults
from builder.voices.legacy.limits import MAX_CATALOG_BYTES
from builder.voices.legacy.raw_file import bytes_of
from builder.voices.legacy.voice_catalog import Described
from voice_library.strict_json import JsonError, parse_json

_Read = TypeVar("_Read")
FILES = frozenset((voice_catalog.FILE, name_mapping.FILE))


@dataclass(frozen=True, slots=True, kw_only=True)
class Catalogs:
    """What is told of the voices of a folder."""

    described: Mapping[str, Described]
    """By stem; the names are the best first, and the stem is the last of them."""
    errors: tuple[LegacyError, ...]
    """What could not be used; each knows its file."""


def read_catalogs(folder: Path, files: Collection[str], stems: Collection[str]) -> Catalogs:
    """What those of the two catalogues that are among `files` tell of `stems`."""
    errors: list[LegacyError] = []

    def read(file: str, reader: Callable[[object, Faults], Mapping[str, _Read]]) -> Mapping[str, _Read]:
        faults = Faults(file)
        try:
            told = reader(_parsed(folder / file), faults) if file in files else {}
        except LegacyError as error:
            errors.append(error.about(file))
            return {}
        errors.extend(faults.errors())
        return told

    mapped = read(name_mapping.FILE, lambda json, faults: name_mapping.names_by_stem(json, stems, faults))
    described = read(
        voice_catalog.FILE, lambda json, faults: voice_catalog.described_by_stem(json, stems, mapped, faults)
    )
    together = {stem: _together(stem, described.get(stem, Described()), mapped.get(stem, ())) for stem in stems}
    return Catalogs(described=together, errors=tuple(errors))


def _parsed(path: Path) -> object:
    try:
        return parse_json(bytes_of(path, at_most=MAX_CATALOG_BYTES))
    except JsonError as error:
        raise UnusableCatalog(f"{error}; correct it, or remove it to do without") from error


def _together(stem: str, described: Described, mapped: tuple[str, ...]) -> Described:
    for_people = (*described.names[:1], *mapped, *described.names[1:])
    names = dict.fromkeys(name for name in for_people if name != stem)
    return replace(described, names=(*names, stem))
