"""What a voice file says of its voice beside the arrays."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, Json, ValidationError

from voice_library.errors import InvalidVoiceFile, first_problem, quoted
from voice_library.fields import Aliases, EngineSettings, Label, Language, Lexicon, Names, Options, Tags, VoiceId
from voice_library.voice import Gender, Reference, Tier, Voice

FORMAT_VERSION = "1"
MAX_REFERENCE_SEC = 60.0


class Metadata(BaseModel):
    """Every value stands in the file as a string, lists and objects as JSON in it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    format_version: Literal["1"]
    id: VoiceId
    names: Json[Names]
    aliases: Json[Aliases]
    language: Language
    gender: Gender
    tier: Tier
    engines: Json[EngineSettings]
    licence: Label
    consent: Label
    source: Label
    options: Json[Options] = Field(default_factory=dict)
    lexicon: Json[Lexicon] = Field(default_factory=dict)
    tags: Json[Tags] = ()
    version: int = Field(default=1, ge=1, lt=2**53)
    sample_rate: int | None = Field(default=None, ge=4_000, le=192_000)
    """Hertz; present exactly where there is audio."""
    duration_sec: float | None = Field(default=None, gt=0, le=MAX_REFERENCE_SEC, allow_inf_nan=False)

    @classmethod
    def of(cls, given: Mapping[str, str]) -> Metadata:
        """The metadata as a file has them.

        Raises:
            InvalidVoiceFile: they are those of another version, or of no voice.
        """
        version = given.get("format_version")
        if version is None:
            raise InvalidVoiceFile("the file is safetensors, but no voice file: format_version is missing")
        if version != FORMAT_VERSION:
            raise InvalidVoiceFile(
                f"the voice file has format version {quoted(version)}; this worker reads {FORMAT_VERSION}"
            )
        try:
            return cls.model_validate(given)
        except ValidationError as error:
            raise InvalidVoiceFile(f"metadata {first_problem(error)}") from error

    def voice(self, reference: Reference | None) -> Voice:
        """The voice, without embeddings."""
        return Voice(
            id=self.id,
            names=self.names,
            language=self.language,
            gender=self.gender,
            tier=self.tier,
            engines=self.engines,
            reference=reference,
            licence=self.licence,
            consent=self.consent,
            source=self.source,
            aliases=self.aliases,
            lexicon=self.lexicon,
            options=self.options,
            tags=self.tags,
            version=self.version,
        )


def describe(voice: Voice) -> dict[str, str]:
    """The metadata of `voice` as a file has them.

    Raises:
        ValueError: a value is not one of JSON.
    """
    engines = {name: dict(settings) for name, settings in voice.engines.items()}
    metadata = {
        "format_version": FORMAT_VERSION,
        "id": voice.id,
        "names": _json(voice.names),
        "aliases": _json(voice.aliases),
        "language": voice.language,
        "gender": voice.gender,
        "tier": voice.tier,
        "engines": _json(engines),
        "licence": voice.licence,
        "consent": voice.consent,
        "source": voice.source,
        "options": _json(dict(voice.options)),
        "lexicon": _json(dict(voice.lexicon)),
        "tags": _json(voice.tags),
        "version": str(voice.version),
    }
    if voice.reference:
        metadata["sample_rate"] = str(voice.reference.sample_rate)
        metadata["duration_sec"] = f"{voice.reference.duration_sec:.3f}"
    return metadata


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False)
