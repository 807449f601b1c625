"""Options and effects: what a request may set beyond its text and voice."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field


class Strict(BaseModel):
    """What callers send: nothing unknown, nothing coerced, nothing changed afterwards."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", strict=True, allow_inf_nan=False, use_attribute_docstrings=True
    )


class EngineOptions(Strict):
    """Parameters of engines; each engine's capabilities say which it honours. Also accepted at top level."""

    pitch: Annotated[int, Field(ge=0, le=99)] | None = None
    """espeak: base pitch, 50 is the language's own."""
    pitch_range: Annotated[int, Field(ge=0, le=99)] | None = None
    """espeak: liveliness of the melody, 0 is a monotone."""
    word_gap: Annotated[int, Field(ge=0, le=200)] | None = None
    """espeak: extra silence between words, in units of 10 ms at normal speed."""
    exaggeration: Annotated[float, Field(ge=0.25, le=2)] | None = None
    """Chatterbox: intensity of the delivery."""
    cfg_weight: Annotated[float, Field(ge=0, le=1)] | None = None
    """Chatterbox: weight of classifier-free guidance."""
    temperature: Annotated[float, Field(ge=0.05, le=5)] | None = None
    """Sampling temperature."""
    repetition_penalty: Annotated[float, Field(ge=1, le=2)] | None = None
    """Sampling: penalty on tokens already drawn."""
    min_p: Annotated[float, Field(ge=0, le=1)] | None = None
    """Sampling: least probability, relative to the likeliest token."""
    top_p: Annotated[float, Field(gt=0, le=1)] | None = None
    """Sampling: nucleus."""
    top_k: Annotated[int, Field(ge=1, le=10_000)] | None = None
    """Sampling: number of likeliest tokens kept."""

    @property
    def given(self) -> frozenset[str]:
        """Names of the parameters that were set."""
        return frozenset(name for name, value in self if value is not None)


class EffectsRequest(Strict):
    """Changes to the finished voice; a field left out keeps the profile's value."""

    pitch_semitones: Annotated[float, Field(ge=-12, le=12)] | None = None
    speed: Annotated[float, Field(ge=0.25, le=4)] | None = None
    """Tempo on top of the request's `speed`."""
    volume_db: Annotated[float, Field(ge=-40, le=20)] | None = None
    reverb: Annotated[float, Field(ge=0, le=1)] | None = None
    """0 dry … 1 a large hall."""
