"""`catalog.json`: the index of a folder of voices, as it is written on disk."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from voice_library.embedding_file import write_whole
from voice_library.errors import InvalidCatalog, first_problem
from voice_library.fields import Aliases, EngineSettings, Label, Language, Lexicon, Names, Options, Tags, VoiceId
from voice_library.mapped import ArraysInFile, Contents, arrays_in, open_voice
from voice_library.names import fold
from voice_library.strict_json import JsonError, parse_json
from voice_library.voice import EMBEDDING_KEY, VOICE_ID, Effects, Gender, Profile, Tier, Voice

CATALOG = "catalog.json"
MAX_BYTES = 32 * 2**20
"""Room for ten thousand voices with lexicons."""
MAX_ENTRIES = 10_000

TOLD_BY_FILE = ("licence", "consent", "source", "lexicon", "options", "tags")
"""Fields of an entry that its file has too."""

FileName = Annotated[str, Field(pattern=rf"^{VOICE_ID}\.safetensors$")]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class FileContents(_Strict):
    """What a voice file holds: a folder with this need not be looked into before a voice is used."""

    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    size_bytes: Annotated[int, Field(ge=1)]
    embeddings: Annotated[tuple[Annotated[str, Field(pattern=f"^{EMBEDDING_KEY}$")], ...], Field(max_length=64)] = ()
    frames: Annotated[int, Field(ge=0)] = 0
    """Samples of the reference; 0 without one."""
    sample_rate: Annotated[int, Field(ge=0, le=192_000)] = 0
    """Hertz of the reference; 0 without one."""


class VoiceEntry(_Strict):
    """A voice; with `file`, its reference and embeddings come from there.

    Without `contents`, so do the texts left empty here, and the file is looked into when the catalogue is read.
    """

    id: VoiceId
    names: Names
    language: Language
    gender: Gender
    tier: Tier
    engines: EngineSettings = {}
    aliases: Aliases = ()
    lexicon: Lexicon = {}
    licence: Label = ""
    consent: Label = ""
    source: Label = ""
    options: Options = {}
    tags: Tags = ()
    version: Annotated[int, Field(ge=1)] = 1
    file: FileName | None = None
    contents: FileContents | None = None


class ProfileEntry(_Strict):
    """A voice of the catalogue, or one that an engine will contribute, with effects and options."""

    id: VoiceId
    names: Names
    voice: VoiceId
    effects: Effects = Effects()
    options: Options = {}
    description: Label = ""


class Catalog(_Strict):
    """The whole file; entries come in order of preference."""

    format_version: Literal[1]
    voices: Annotated[tuple[VoiceEntry, ...], Field(max_length=MAX_ENTRIES)] = ()
    profiles: Annotated[tuple[ProfileEntry, ...], Field(max_length=MAX_ENTRIES)] = ()


def read_catalog(folder: Path) -> Catalog:
    """The catalogue of `folder`.

    Raises:
        InvalidCatalog: it is missing, malformed, over a limit, or uses an id or alias twice.
    """
    try:
        with (folder / CATALOG).open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise InvalidCatalog(f"{CATALOG} cannot be read: {error.strerror}") from error
    if len(data) > MAX_BYTES:
        raise InvalidCatalog(f"{CATALOG} is larger than {MAX_BYTES // 2**20} MiB")
    catalog = _parse(data)
    _check_unique(catalog)
    return catalog


def write_catalog(folder: Path, catalog: Catalog) -> None:
    """Puts the catalogue into `folder`, one entry to a line; readers see the one before or this one.

    Raises:
        InvalidCatalog: it uses an id or alias twice, or is over a limit; nothing is written.
        OSError: the disk refuses.
    """
    _check_unique(catalog)
    lists = (("voices", catalog.voices), ("profiles", catalog.profiles))
    written = ",\n".join(f'  "{name}": [{_lines(entries)}]' for name, entries in lists)
    data = f'{{\n  "format_version": {catalog.format_version},\n{written}\n}}\n'.encode()
    if len(data) > MAX_BYTES:
        raise InvalidCatalog(f"{CATALOG} would be larger than {MAX_BYTES // 2**20} MiB: shorten lexicons")
    write_whole(folder / CATALOG, data)


def voice_of(entry: VoiceEntry, folder: Path) -> Voice:
    """The voice of an entry, its file in `folder`.

    Raises:
        InvalidCatalog: the file holds another voice.
        InvalidVoiceFile: it is missing, damaged, or leads out of `folder`; with `contents`, only its use tells.
    """
    arrays, said = _arrays(entry, folder), entry
    if entry.file is not None and entry.contents is None:
        arrays, said = _opened(entry, folder / entry.file)
    return Voice(
        id=entry.id,
        names=entry.names,
        language=entry.language,
        gender=entry.gender,
        tier=entry.tier,
        engines=entry.engines,
        reference=arrays.reference if arrays else None,
        embeddings=arrays.embeddings if arrays else {},
        licence=said.licence,
        consent=said.consent,
        source=said.source,
        aliases=entry.aliases,
        lexicon=said.lexicon,
        options=said.options,
        tags=said.tags,
        version=said.version,
    )


def profiles_of(catalog: Catalog) -> tuple[Profile, ...]:
    """The profiles of `catalog`; whether their voices exist is not known before the engines are."""
    return tuple(_profile(entry) for entry in catalog.profiles)


def _parse(data: bytes) -> Catalog:
    try:
        parse_json(data)  # pydantic's own parser would let the last of two equal keys win
        return Catalog.model_validate_json(data)
    except ValidationError as error:
        raise InvalidCatalog(f"{CATALOG}: {first_problem(error)}") from error
    except JsonError as error:
        raise InvalidCatalog(f"{CATALOG} {error}") from error


def _check_unique(catalog: Catalog) -> None:
    """Ids and aliases share one namespace; names do not, for two people may be called Marco."""
    taken = Counter(fold(voice.id) for voice in catalog.voices)
    taken.update(fold(profile.id) for profile in catalog.profiles)
    taken.update(fold(alias) for voice in catalog.voices for alias in voice.aliases)
    twice = [f"'{key}'" for key, uses in taken.items() if uses > 1]
    if twice:
        raise InvalidCatalog(f"{CATALOG} uses these ids or aliases more than once: {', '.join(twice[:8])}")


def _profile(entry: ProfileEntry) -> Profile:
    return Profile(
        id=entry.id,
        names=entry.names,
        voice=entry.voice,
        effects=entry.effects,
        options=entry.options,
        description=entry.description,
    )


def _arrays(entry: VoiceEntry, folder: Path) -> ArraysInFile | None:
    held = entry.contents
    if entry.file is None or held is None:
        return None
    contents = Contents(embeddings=held.embeddings, frames=held.frames, sample_rate=held.sample_rate)
    return arrays_in(folder / entry.file, entry.id, contents)


def _opened(entry: VoiceEntry, path: Path) -> tuple[ArraysInFile, VoiceEntry]:
    """What is in the file, and the entry with the file's texts where it has none."""
    opened = open_voice(path)
    found = opened.voice
    if found.id != entry.id:
        raise InvalidCatalog(f"'{path.name}' holds the voice '{found.id}', not '{entry.id}'")
    told = {name: getattr(entry, name) or getattr(found, name) for name in TOLD_BY_FILE}
    said = entry.model_copy(update={**told, "version": max(entry.version, found.version)})
    return ArraysInFile(reference=found.reference, embeddings=found.embeddings), said


def _lines(entries: Iterable[_Strict]) -> str:
    lines = [f"    {entry.model_dump_json(exclude_defaults=True)}" for entry in entries]
    return "\n" + ",\n".join(lines) + "\n  " if lines else ""
