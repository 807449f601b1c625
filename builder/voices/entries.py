"""Entries: a voice as its catalogue lists it, with what its file holds."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from pydantic import ValidationError

from builder.voices.errors import StudioError
from voice_library.catalog import FileContents, VoiceEntry
from voice_library.embedding_file import voice_from_bytes
from voice_library.errors import first_problem
from voice_library.voice import Voice
from worker.request import EngineOptions


def entry_of(voice: Voice, *, file: str | None, data: bytes | None) -> VoiceEntry:
    """The entry of a voice whose file, if it has one, holds `data`.

    Raises:
        StudioError: a text of it is too long, or there are too many, or its options are none of an engine.
        InvalidVoiceFile: `data` is no voice file.
    """
    require_options(voice.id, voice.options)
    try:
        return VoiceEntry(
            id=voice.id,
            names=voice.names,
            language=voice.language,
            gender=voice.gender,
            tier=voice.tier,
            engines={name: dict(settings) for name, settings in voice.engines.items()},
            aliases=voice.aliases,
            lexicon=dict(voice.lexicon),
            licence=voice.licence,
            consent=voice.consent,
            source=voice.source,
            options=dict(voice.options),
            tags=voice.tags,
            version=voice.version,
            file=file,
            contents=None if data is None else contents_of(data),
        )
    except ValidationError as error:
        raise StudioError(f"the voice '{voice.id}' cannot be listed so: {first_problem(error)}") from error


def require_options(whose: str, options: Mapping[str, object]) -> None:
    """Returns if engines know the options: a worker would not start with others.

    Raises:
        StudioError: they are none.
    """
    try:
        EngineOptions.model_validate(dict(options))
    except ValidationError as error:
        raise StudioError(f"the options of '{whose}' are none of an engine: {first_problem(error)}") from error


def contents_of(data: bytes) -> FileContents:
    """What a voice file holds.

    Raises:
        InvalidVoiceFile: it is none, or damaged.
    """
    voice = voice_from_bytes(data)
    return FileContents(
        sha256=hashlib.sha256(data).hexdigest(),
        size_bytes=len(data),
        embeddings=tuple(sorted(voice.embeddings)),
        frames=len(voice.reference.samples) if voice.reference else 0,
        sample_rate=voice.reference.sample_rate if voice.reference else 0,
    )
