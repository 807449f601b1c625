"""The requests: one frozen model per job type."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal, get_args

from pydantic import Field, TypeAdapter

from worker.request.options import EffectsRequest, EngineOptions, Strict

AudioFormat = Literal["wav", "mp3", "flac", "ogg", "opus", "pcm"]
CaptionFormat = Literal["none", "srt", "vtt", "json"]
LanguageTag = Annotated[str, Field(pattern=r"^[A-Za-z]{2,3}([-_][A-Za-z0-9]{2,8})*$")]
"""BCP 47, in any case and with either separator."""
LARGEST_SEED = 2**32 - 1


class SynthesisRequest(Strict):
    """Text to speech with a library voice, a profile or an engine's own voice."""

    type: Literal["synthesis"] = "synthesis"
    text: str
    """What to say; `[pause:1.5s]` and `[pause:500ms]` are silences. Aliases: prompt, input."""
    voice: str | None = None
    """Id, name or alias of a voice or profile. Aliases: voice_id, voice_name."""
    profile: str | None = None
    """Id or name of a profile: a voice with effects and options."""
    language: LanguageTag | None = None
    """BCP-47 tag of the text; by default the voice's. Aliases: language_id, lang_code."""
    engine: str = "auto"
    """Engine to use; `auto` takes the worker's preferred one for the voice. Alias: model."""
    response_format: AudioFormat = "mp3"
    """ogg is Vorbis, opus is Opus in Ogg, pcm is headerless 16-bit little-endian. Aliases: format, output_format."""
    sample_rate: Annotated[int, Field(ge=8000, le=48_000)] | None = None
    """Hertz; by default the engine's, and 24000 for pcm."""
    speed: Annotated[float, Field(ge=0.25, le=4)] = 1.0
    """2 is twice as fast. Alias: speed_factor."""
    seed: Annotated[int, Field(ge=-1, le=LARGEST_SEED)] | None = None
    """The same seed gives the same audio; null, 0 and -1 draw one, and the reply says which."""
    chunk_size: Annotated[int, Field(ge=50, le=500)] = 280
    """Characters of one utterance that the text is cut to. Alias: max_chars."""
    normalize: bool = True
    """Speak numbers, dates, units and abbreviations as words; false sends the text as it stands."""
    effects: EffectsRequest = EffectsRequest()
    options: EngineOptions = EngineOptions()
    delivery: Literal["auto", "inline", "volume", "s3"] = "auto"
    """inline: base64 in the reply; s3, volume: stored there; auto: inline if it fits, else s3, else volume."""
    allow_downgrade: bool = False
    """A smaller format is taken where the audio would fit nowhere."""
    stream: bool = False
    """Audio is sent as it is made, where the worker streams."""
    captions: CaptionFormat = "none"
    fallback: Literal["none"] = "none"
    """Another engine never takes over."""
    strict: bool = False
    """Parameters the engine does not honour are errors instead of warnings."""


class VoicesRequest(Strict):
    """Lists and describes voices, profiles and engines."""

    type: Literal["voices"]
    voice: str | None = None
    """Only this voice or profile."""
    language: LanguageTag | None = None
    gender: Literal["female", "male", "neutral"] | None = None
    tier: Literal["standard", "premium"] | None = None
    engine: str | None = None
    """Only voices this engine can speak; also lists the engine's own."""


class HealthRequest(Strict):
    """Asks how the worker is."""

    type: Literal["health"]


Request = Annotated[SynthesisRequest | VoicesRequest | HealthRequest, Field(discriminator="type")]
REQUEST: TypeAdapter[Request] = TypeAdapter(Request)
TYPES: Mapping[str, type[Strict]] = {
    get_args(model.model_fields["type"].annotation)[0]: model
    for model in (SynthesisRequest, VoicesRequest, HealthRequest)
}
"""The models by the name of their type."""
