"""`catalog.json`: the index of a folder of voices, as it is written on disk."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from voice_library.embedding_file import read_voice
from voice_library.errors import InvalidCatalog, first_problem
from voice_library.fields import Aliases, EngineSettings, Label, Language, Lexicon, Names, Options, VoiceId
from voice_library.names import fold
from voice_library.strict_json import JsonError, parse_json
from voice_library.voice import VOICE_ID, Effects, Gender, Profile, Tier, Voice

CATALOG = "catalog.json"
MAX_BYTES = 4 * 2**20
MAX_ENTRIES = 10_000

FileName = Annotated[str, Field(pattern=rf"^{VOICE_ID}\.safetensors$")]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class VoiceEntry(_Strict):
    """A voice; with `file`, its reference and embeddings come from there, as do texts left empty here."""

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
    file: FileName | None = None


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


def voices_of(catalog: Catalog, folder: Path) -> tuple[Voice, ...]:
    """The voices of `catalog`, with the files they name read from `folder`.

    Raises:
        InvalidCatalog: a file leads out of `folder` or holds another voice.
        InvalidVoiceFile: a file is missing or damaged.
    """
    return tuple(_voice(entry, folder) for entry in catalog.voices)


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


def _voice(entry: VoiceEntry, folder: Path) -> Voice:
    recorded = None if entry.file is None else _recorded(entry.id, folder, entry.file)
    return Voice(
        id=entry.id,
        names=entry.names,
        language=entry.language,
        gender=entry.gender,
        tier=entry.tier,
        engines=entry.engines,
        reference=recorded.reference if recorded else None,
        embeddings=recorded.embeddings if recorded else {},
        licence=entry.licence or (recorded.licence if recorded else ""),
        consent=entry.consent or (recorded.consent if recorded else ""),
        source=entry.source or (recorded.source if recorded else ""),
        aliases=entry.aliases,
        lexicon=entry.lexicon,
    )


def _recorded(voice_id: str, folder: Path, file_name: str) -> Voice:
    """The voice in a file of `folder`, which no link may lead out of."""
    path = folder / file_name
    if not path.resolve().is_relative_to(folder.resolve()):
        raise InvalidCatalog(f"'{file_name}' leads out of the folder of the catalogue")
    voice = read_voice(path)
    if voice.id != voice_id:
        raise InvalidCatalog(f"'{file_name}' holds the voice '{voice.id}', not '{voice_id}'")
    return voice
