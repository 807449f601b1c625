"""What a caller may ask: a job's `input` becomes a frozen, validated request."""

from __future__ import annotations

import difflib
import json
import re
import sys
from collections.abc import Iterable, Mapping
from typing import Annotated, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from worker.errors import InvalidRequest

AudioFormat = Literal["wav", "mp3", "flac", "ogg", "opus", "pcm"]
CaptionFormat = Literal["none", "srt", "vtt", "json"]
LARGEST_SEED = 2**32 - 1

ALIASES: Mapping[str, tuple[str, ...]] = {
    "text": ("prompt", "input"),
    "voice": ("voice_id", "voice_name"),
    "reference_audio": (
        "voice_url",
        "audio_prompt",
        "ref_audio",
        "audio_base64",
        "reference_audio_base64",
        "prompt_audio",
    ),
    "language": ("language_id", "lang_code"),
    "response_format": ("format", "output_format"),
    "speed": ("speed_factor",),
    "chunk_size": ("max_chars",),
    "engine": ("model",),
    "type": ("task", "job_type", "operation"),
}
"""Names other workers and OpenAI clients use, by ours."""

OPENAI_MODELS = ("tts-1", "tts-1-hd", "gpt-4o-mini-tts")
"""As `engine` they mean whatever suits the voice."""

NOT_YET: Mapping[str, str] = {
    "reference_audio": "voice cloning is not available on this worker: leave it out and send a library 'voice'",
}
"""Fields of other workers that are understood and refused."""


class _Strict(BaseModel):
    model_config = ConfigDict(
        frozen=True, extra="forbid", strict=True, allow_inf_nan=False, use_attribute_docstrings=True
    )


class EngineOptions(_Strict):
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


class EffectsRequest(_Strict):
    """Changes to the finished voice; a field left out keeps the profile's value."""

    pitch_semitones: Annotated[float, Field(ge=-12, le=12)] | None = None
    speed: Annotated[float, Field(ge=0.25, le=4)] | None = None
    """Tempo on top of the request's `speed`."""
    volume_db: Annotated[float, Field(ge=-40, le=20)] | None = None
    reverb: Annotated[float, Field(ge=0, le=1)] | None = None
    """0 dry … 1 a large hall."""


class SynthesisRequest(_Strict):
    """Text to speech with a library voice, a profile or an engine's own voice."""

    type: Literal["synthesis"] = "synthesis"
    text: str
    """What to say; `[pause:1.5s]` and `[pause:500ms]` are silences. Aliases: prompt, input."""
    voice: str | None = None
    """Id, name or alias of a voice or profile. Aliases: voice_id, voice_name."""
    profile: str | None = None
    """Id or name of a profile: a voice with effects and options."""
    language: Annotated[str, Field(pattern=r"^[A-Za-z]{2,3}([-_][A-Za-z0-9]{2,8})*$")] | None = None
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


class VoicesRequest(_Strict):
    """Lists and describes voices, profiles and engines."""

    type: Literal["voices"]
    voice: str | None = None
    """Only this voice or profile."""
    language: Annotated[str, Field(pattern=r"^[A-Za-z]{2,3}([-_][A-Za-z0-9]{2,8})*$")] | None = None
    gender: Literal["female", "male", "neutral"] | None = None
    tier: Literal["standard", "premium"] | None = None
    engine: str | None = None
    """Only voices this engine can speak; also lists the engine's own."""


class HealthRequest(_Strict):
    """Asks how the worker is."""

    type: Literal["health"]


Request = Annotated[SynthesisRequest | VoicesRequest | HealthRequest, Field(discriminator="type")]
_REQUEST: TypeAdapter[Request] = TypeAdapter(Request)
_TYPES: Mapping[str, type[_Strict]] = {
    get_args(model.model_fields["type"].annotation)[0]: model
    for model in (SynthesisRequest, VoicesRequest, HealthRequest)
}


def parse(given: object) -> Request:
    """The request in a job's `input`; null fields count as absent.

    Raises:
        InvalidRequest: the message says which field to change and to what.

    """
    if not isinstance(given, Mapping):
        raise InvalidRequest("the job's 'input' must be a JSON object", field="input")
    fields = _canonical({name: value for name, value in given.items() if value is not None})
    kind = fields.setdefault("type", "synthesis")
    if not isinstance(kind, str) or kind not in _TYPES:
        raise InvalidRequest(_unknown_type(kind), field="type")
    _refuse_unknown(fields, _TYPES[kind])
    if kind == "synthesis":
        fields = _with_options(fields)
        if fields.get("engine") in OPENAI_MODELS:
            fields["engine"] = "auto"
    try:
        return _REQUEST.validate_python(fields)
    except ValidationError as error:
        raise _invalid(error) from None


def _canonical(given: Mapping[object, object]) -> dict[str, object]:
    """The fields under our names."""
    canonical = {alias: name for name, aliases in ALIASES.items() for alias in aliases}
    fields: dict[str, object] = {}
    for name, value in given.items():
        if not isinstance(name, str):
            raise InvalidRequest("field names must be strings")
        ours = canonical.get(name, name)
        if ours in fields:
            aliases = ", ".join(repr(alias) for alias in ALIASES[ours])
            raise InvalidRequest(f"{ours!r} is given twice: {aliases} mean the same; send one of them", field=ours)
        fields[ours] = value
    return fields


def _with_options(fields: dict[str, object]) -> dict[str, object]:
    """Engine parameters at top level moved into `options`."""
    loose = {name: value for name, value in fields.items() if name in EngineOptions.model_fields}
    if not loose:
        return fields
    options = fields.get("options", {})
    if not isinstance(options, Mapping):
        return fields
    for name in loose:
        if name in options:
            raise InvalidRequest(f"{name!r} is given twice: at top level and in 'options'", field=name)
    rest = {name: value for name, value in fields.items() if name not in loose}
    return rest | {"options": {**options, **loose}}


def _refuse_unknown(fields: Iterable[str], model: type[_Strict]) -> None:
    known = set(model.model_fields)
    if model is SynthesisRequest:
        known |= set(EngineOptions.model_fields)
    for name in fields:
        if name in known:
            continue
        if name in NOT_YET:
            raise InvalidRequest(f"{name!r}: {NOT_YET[name]}", field=name)
        raise InvalidRequest(_unknown_field(name, known), field=_printable(name))


def _unknown_field(name: str, known: Iterable[str]) -> str:
    aliases = {alias: ours for ours, others in ALIASES.items() for alias in others}
    near = difflib.get_close_matches(name[:64], [*known, *aliases], n=1)
    hint = f"; did you mean {near[0]!r}?" if near else f"; known fields: {', '.join(sorted(known))}"
    return f"unknown field {_printable(name) or ''}{hint}".replace("  ", " ")


def _unknown_type(kind: object) -> str:
    near = difflib.get_close_matches(kind[:64], _TYPES, n=1) if isinstance(kind, str) else []
    hint = f"did you mean {near[0]!r}? " if near else ""
    return f"unknown 'type'; {hint}known: {', '.join(_TYPES)}"


def _printable(name: str) -> str | None:
    """A field name that may be echoed: an identifier of sane length, not a piece of somebody's text."""
    return name if re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]{0,63}", name) else None


def _invalid(error: ValidationError) -> InvalidRequest:
    """One message for all that pydantic found, without the values."""
    found = error.errors(include_url=False, include_input=False, include_context=False)[:5]
    messages, fields = [], []
    for item in found:
        path = [str(part) for part in item["loc"][1:] if _printable(str(part))]
        field = ".".join(path) or "input"
        fields.append(field)
        messages.append(f"'{field}': {_plain(item['type'], item['msg'], item['loc'])}")
    return InvalidRequest("; ".join(messages), field=fields[0])


def _plain(kind: str, message: str, location: tuple[int | str, ...]) -> str:
    if kind == "extra_forbidden":
        models: dict[str, type[_Strict]] = {"options": EngineOptions, "effects": EffectsRequest}
        model = models.get(str(location[-2])) if len(location) > 1 else None
        near = difflib.get_close_matches(str(location[-1])[:64], model.model_fields, n=1) if model else []
        return f"unknown field; did you mean {near[0]!r}?" if near else "unknown field"
    if kind == "missing":
        return "this field is required"
    if kind == "string_pattern_mismatch":
        return "write a BCP-47 tag such as 'en-US', 'fr' or 'ht'"
    return message[0].lower() + message[1:]


def schema() -> dict[str, object]:
    """The JSON Schema of a request under our own names."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Request",
        **_REQUEST.json_schema(),
    }


if __name__ == "__main__":
    json.dump(schema(), sys.stdout, indent=2, ensure_ascii=False)
    sys.stdout.write("\n")
