"""Settings: the only reader of the environment."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from worker.errors import InvalidSettings

PREFIX = "TTS_"
REPOSITORY = Path(__file__).resolve().parent.parent


def _names(value: object) -> object:
    if not isinstance(value, str):
        return value
    return tuple(name.strip() for name in value.split(",") if name.strip())


class Settings(BaseModel):
    """What a worker is told at start; each field is read from `TTS_` and its name in capitals."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, use_attribute_docstrings=True)

    engines: Annotated[tuple[str, ...], BeforeValidator(_names), Field(min_length=1)] = ("espeak",)
    """Engines loaded at cold start, comma-separated; the first that can speak a voice is the default."""
    default_voice: str = "sarah"
    """Voice of a request that names neither voice, profile nor language."""
    voices_dir: Path = REPOSITORY / "embeddings"
    """Folder with `catalog.json` and the voice files."""
    volume_dir: Path | None = None
    """Folder that `delivery: volume` writes to; unset, that delivery is off."""
    max_text_chars: int = Field(default=50_000, ge=1)
    """Longest text of a synthesis request, in characters."""
    max_audio_sec: float = Field(default=3600.0, gt=0)
    """Longest recording of one request, in seconds."""
    loudness_lufs: float = Field(default=-19.0, ge=-40.0, le=-8.0)
    """Integrated loudness each utterance is brought to, in LUFS (mono; −16 LUFS stereo sounds as loud)."""
    lanes: int = Field(default=2, ge=1, le=256)
    """Jobs that run at the same time."""
    espeak_library: Path | None = None
    """A libespeak-ng of your own; unset, the one of the espeakng-loader package, else the system's."""
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    """Lowest level that is logged."""

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> Settings:
        """The settings in `environment`; empty values count as unset.

        Raises:
            InvalidSettings: a `TTS_…` name is unknown or a value does not fit.

        """
        given = {
            name.removeprefix(PREFIX).lower(): value
            for name, value in environment.items()
            if name.startswith(PREFIX) and value.strip()
        }
        for name in given:
            if name not in cls.model_fields:
                raise InvalidSettings(_unknown(name, cls.model_fields))
        try:
            return cls.model_validate(given)
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False)[0]
            raise InvalidSettings(f"{PREFIX}{str(first['loc'][0]).upper()}: {first['msg']}") from error


def _unknown(name: str, known: Mapping[str, object]) -> str:
    near = difflib.get_close_matches(name, known, n=1)
    hint = f"; did you mean {PREFIX}{near[0].upper()}?" if near else ""
    return f"unknown setting {PREFIX}{name.upper()}{hint}"
