"""The requests: one frozen model per job type."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal, get_args

from pydantic import AfterValidator, Field, TypeAdapter

from voice_library.names import as_voice_id
from worker.request.options import EffectsRequest, EngineOptions, Strict

AudioFormat = Literal["wav", "mp3", "flac", "ogg", "opus", "pcm"]
CaptionFormat = Literal["none", "srt", "vtt", "json"]
LanguageTag = Annotated[str, Field(pattern=r"^[A-Za-z]{2,3}([-_][A-Za-z0-9]{2,8})*$")]
"""BCP 47, in any case and with either separator."""
LARGEST_SEED = 2**32 - 1


def _makes_an_id(name: str) -> str:
    if as_voice_id(name) is None:
        raise ValueError("a voice's name has 1 to 64 letters a-z, digits, spaces, hyphens and underscores")
    return name


VoiceName = Annotated[str, Field(min_length=1, max_length=64), AfterValidator(_makes_an_id)]
"""What a new voice may be called: as an id, or as something an id can be made of."""


class RecordingRequest(Strict):
    """What all requests have in common that make a recording."""

    voice: str | None = None
    """Id, name or alias of a voice or profile. Aliases: voice_id, voice_name."""
    profile: str | None = None
    """Id or name of a profile: a voice with effects and options."""
    engine: str = "auto"
    """Engine to use; `auto` takes the worker's preferred one for the voice. Alias: model."""
    response_format: AudioFormat = "mp3"
    """ogg is Vorbis, opus is Opus in Ogg, pcm is headerless 16-bit little-endian. Aliases: format, output_format."""
    sample_rate: Annotated[int, Field(ge=8000, le=48_000)] | None = None
    """Hertz; by default the engine's, and 24000 for pcm."""
    seed: Annotated[int, Field(ge=-1, le=LARGEST_SEED)] | None = None
    """The same seed gives the same audio; null, 0 and -1 draw one, and the reply says which."""
    effects: EffectsRequest = EffectsRequest()
    delivery: Literal["auto", "inline", "volume", "s3"] = "auto"
    """inline: base64 in the reply; s3, volume: stored there; auto: inline if it fits, else s3, else volume."""
    allow_downgrade: bool = False
    """A smaller format is taken where the audio would fit nowhere."""
    strict: bool = False
    """What the engine or the job does not honour is an error instead of a warning."""


class SpokenRequest(RecordingRequest):
    """What all requests have in common that speak a text."""

    text: str
    """What to say; `[pause:1.5s]` and `[pause:500ms]` are silences. Aliases: prompt, input."""
    language: LanguageTag | None = None
    """BCP-47 tag of the text; by default the voice's. Aliases: language_id, lang_code."""
    speed: Annotated[float, Field(ge=0.25, le=4)] = 1.0
    """2 is twice as fast. Alias: speed_factor."""
    chunk_size: Annotated[int, Field(ge=50, le=500)] = 280
    """Characters of one utterance that the text is cut to. Alias: max_chars."""
    normalize: bool = True
    """Speak numbers, dates, units and abbreviations as words; false sends the text as it stands."""
    options: EngineOptions = EngineOptions()
    stream: bool = False
    """Audio is sent as it is made, where the worker streams."""
    captions: CaptionFormat = "none"
    fallback: Literal["none"] = "none"
    """Another engine never takes over."""


class SynthesisRequest(SpokenRequest):
    """Text to speech with a library voice, a profile or an engine's own voice."""

    type: Literal["synthesis"] = "synthesis"


class SpeakerFields(Strict):
    """A speaker who is not in the library."""

    reference_audio: Annotated[str, Field(min_length=1)] | None = None
    """A recording of the speaker: an https URL, a data: URI or base64 of a WAV, FLAC, MP3 or Ogg file.
    Aliases: voice_url, audio_prompt, ref_audio, audio_base64, reference_audio_base64, prompt_audio."""
    voice_embedding: Annotated[str, Field(min_length=1)] | None = None
    """Instead of the recording, the base64 that a job with `return_embedding` gave for it."""


class CloningRequest(SpokenRequest, SpeakerFields):
    """Text to speech in the voice of a recording; a `synthesis` with `reference_audio` is one too."""

    type: Literal["cloning"]
    save_voice: VoiceName | None = None
    """Keep the voice on this worker under that id, or one made of that name."""
    replace_voice: bool = False
    """A voice saved under that id before gives way."""
    return_embedding: bool = False
    """The reply has the `voice_embedding`, to be sent instead of the recording the next time."""


class ConversionRequest(RecordingRequest, SpeakerFields):
    """A recording said again by a voice, a profile's voice, or the speaker of another recording."""

    type: Literal["conversion"]
    source_audio: Annotated[str, Field(min_length=1)]
    """What to say again: an https URL, a data: URI or base64, as `reference_audio`.
    Aliases: audio, input_audio, source."""


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


Request = Annotated[
    SynthesisRequest | CloningRequest | ConversionRequest | VoicesRequest | HealthRequest,
    Field(discriminator="type"),
]
REQUEST: TypeAdapter[Request] = TypeAdapter(Request)
TYPES: Mapping[str, type[Strict]] = {
    get_args(model.model_fields["type"].annotation)[0]: model
    for model in (SynthesisRequest, CloningRequest, ConversionRequest, VoicesRequest, HealthRequest)
}
"""The models by the name of their type."""
