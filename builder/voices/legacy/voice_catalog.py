"""voice_catalog.json: what older workers tell of their voices, by name or as a list, in fields of several spellings."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TypeVar

from builder.voices.legacy.errors import UnusableCatalog
from builder.voices.legacy.faults import Faults
from builder.voices.legacy.recording import RATE_FIELDS
from builder.voices.legacy.stems import shown_name, stem_meant
from voice_library.voice import Gender

_Read = TypeVar("_Read")
FILE = "voice_catalog.json"
FILE_FIELDS = ("file", "filename", "file_name", "audio_file", "embedding_file", "path")
ID_FIELDS = ("id", "voice_id")
NAME_FIELDS = ("display_name", "name", "title")
LANGUAGE_FIELDS = ("language", "lang", "language_code")
GENDERS: Mapping[str, Gender] = MappingProxyType(
    {
        "female": "female",
        "f": "female",
        "woman": "female",
        "male": "male",
        "m": "male",
        "man": "male",
        "neutral": "neutral",
    }
)
MAX_DESCRIPTION_CHARACTERS = 1000

NO_FILE = "describes voices that have no file here; add the files or remove the entries"
NO_ENTRY = "has entries that are no objects; write each as {name, language, gender, description, file}"
TWICE = "describes voices twice, of which the first counts; remove the other"
NO_NAME = "has names that are not short and printable, or paths; correct them"
NO_LANGUAGE = "has languages that are no short text; write them as tags, such as en-US"
NO_GENDER = "has genders other than female, male and neutral; correct them"
NO_DESCRIPTION = f"has descriptions that are no text of up to {MAX_DESCRIPTION_CHARACTERS} characters; shorten them"


@dataclass(frozen=True, slots=True, kw_only=True)
class Described:
    """What a catalogue tells of one voice."""

    names: tuple[str, ...] = ()
    language: str | None = None
    gender: Gender | None = None
    description: str | None = None
    sample_rate: object = None
    """Hertz, unchecked."""


def described_by_stem(
    catalog: object, stems: Collection[str], mapped: Mapping[str, tuple[str, ...]], faults: Faults
) -> Mapping[str, Described]:
    """What the catalogue tells of each stem; `mapped` are the names that its entries may have in place of stems.

    Raises:
        UnusableCatalog: the catalogue is neither an object nor a list.
    """
    stem_by_name = {name: stem for stem, names in mapped.items() for name in names}
    described: dict[str, Described] = {}
    for key, entry in _entries(catalog):
        if not isinstance(entry, dict):
            faults.add(NO_ENTRY, key)
            continue
        stem = _stem(key, entry, stems, stem_by_name)
        if stem is None:
            faults.add(NO_FILE, key or _first(entry, NAME_FIELDS + ID_FIELDS))
        elif stem in described:
            faults.add(TWICE, stem)
        else:
            described[stem] = _described(key, entry, stem, faults)
    return described


def _entries(catalog: object) -> Iterator[tuple[str | None, object]]:
    if isinstance(catalog, dict) and isinstance(catalog.get("voices"), list | dict):
        catalog = catalog["voices"]
    if isinstance(catalog, dict):
        yield from catalog.items()
    elif isinstance(catalog, list):
        yield from ((None, entry) for entry in catalog)
    else:
        raise UnusableCatalog("is neither an object nor a list; write it as {name: {language, gender, …}}")


def _stem(
    key: str | None, entry: Mapping[str, object], stems: Collection[str], stem_by_name: Mapping[str, str]
) -> str | None:
    candidates = [*(entry.get(field) for field in FILE_FIELDS), key]
    candidates += [entry.get(field) for field in ID_FIELDS + NAME_FIELDS]
    direct = (stem_meant(candidate, stems) for candidate in candidates)
    by_name = (stem_by_name.get(candidate) for candidate in candidates if isinstance(candidate, str))
    return next((stem for found in (direct, by_name) for stem in found if stem is not None), None)


def _described(key: str | None, entry: Mapping[str, object], stem: str, faults: Faults) -> Described:
    told = [entry[field] for field in NAME_FIELDS if entry.get(field) is not None]
    told += [] if key is None else [key]
    names = tuple(name for name in map(shown_name, told) if name is not None)
    if len(names) < len(told):
        faults.add(NO_NAME, stem)
    language = _checked(_first(entry, LANGUAGE_FIELDS), shown_name, NO_LANGUAGE, stem, faults)
    gender: Gender | None = _checked(entry.get("gender"), _gender, NO_GENDER, stem, faults)
    description = _checked(entry.get("description"), _description, NO_DESCRIPTION, stem, faults)
    return Described(
        names=names, language=language, gender=gender, description=description, sample_rate=_first(entry, RATE_FIELDS)
    )


def _checked(
    told: object, read: Callable[[object], _Read | None], kind: str, stem: str, faults: Faults
) -> _Read | None:
    value = None if told is None else read(told)
    if told is not None and value is None:
        faults.add(kind, stem)
    return value


def _gender(told: object) -> Gender | None:
    return GENDERS.get(told.strip().lower()) if isinstance(told, str) else None


def _description(told: object) -> str | None:
    text = " ".join(told.split()) if isinstance(told, str) else ""
    return text if text.isprintable() and len(text) <= MAX_DESCRIPTION_CHARACTERS else None


def _first(entry: Mapping[str, object], fields: tuple[str, ...]) -> object:
    return next((entry[field] for field in fields if entry.get(field) is not None), None)
