"""Thousands of made-up requests: audio or a typed error comes back, and always as JSON."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.jobs.speakers import base64_of, file, sung
from worker.engines.registry import MODULES
from worker.jobs.context import Job
from worker.reply import ErrorReply, HealthReply, SpeechReply, VoicesReply
from worker.request import ALIASES, CloningRequest, ConversionRequest, EffectsRequest, EngineOptions
from worker.service import Service

REQUESTS = 10_000
ERRORS_OF_A_CALLER = {
    "audio_too_long",
    "delivery_unavailable",
    "empty_text",
    "incompatible_embedding",
    "invalid_audio",
    "invalid_reference",
    "invalid_request",
    "invalid_voice_file",
    "payload_too_large",
    "saving_unavailable",
    "text_too_long",
    "unknown_engine",
    "unknown_voice",
    "unsupported_job",
    "unsupported_language",
    "unsupported_parameter",
    "unsupported_voice",
    "unreadable_text",
    "url_not_allowed",
}

anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=5,
)
texts = st.text(st.characters(exclude_categories=()), max_size=60) | st.sampled_from(
    [
        "Hello, world.",
        "12 € on 3/4/2026 at 14:30, 50 %!",
        "[pause:1s] **bold** [pause:300ms]",
        "[pause:",
        "日本語 и русский",
        "a" * 700,
        "\n\n",
        "e\u0301" * 90,
        "https://example.com/x?y=1",
    ]
)
recordings = st.sampled_from(
    [
        base64_of(sung(220, 1.5, 8000)),
        base64_of(sung(330, 0.3, 8000)),
        base64_of(file(sung(220, 3.0, 16_000), "OGG", "VORBIS")),
        base64_of(file(sung(220, 1.5, 8000))[:9000]),
        base64_of(b"no audio"),
        "https://127.0.0.1/me.wav",
        "me.wav",
    ]
)
sensible: dict[str, st.SearchStrategy[Any]] = {
    "text": texts,
    "voice": st.sampled_from(["sarah", "LÉA", "kreyol", "creole-narrator", "espeak-sw", "tone-male", "nobody", ""]),
    "profile": st.sampled_from(["creole-male-deep", "sarah", "x"]),
    "language": st.sampled_from(["en", "fr-CA", "ht", "zh", "ja-JP", "xx", "klingon"]),
    "engine": st.sampled_from(["auto", *MODULES, "chatterbox"]),
    "response_format": st.sampled_from(["wav", "mp3", "flac", "ogg", "opus", "pcm", "aac"]),
    "sample_rate": st.integers(7000, 50_000),
    "speed": st.floats(0.2, 4.5),
    "seed": st.integers(-2, 2**32),
    "chunk_size": st.integers(40, 510),
    "normalize": st.booleans(),
    "captions": st.sampled_from(["none", "srt", "vtt", "json", "ass"]),
    "delivery": st.sampled_from(["auto", "inline", "volume", "s3"]),
    "strict": st.booleans(),
    "effects": st.fixed_dictionaries(
        {},
        optional={
            "pitch_semitones": st.floats(-13, 13),
            "speed": st.floats(0.2, 4),
            "volume_db": st.floats(-41, 21),
            "reverb": st.floats(0, 1),
        },
    ),
    "options": st.fixed_dictionaries({}, optional={"pitch": st.integers(-1, 100), "temperature": st.floats(0, 6)}),
}
names = st.sampled_from(
    [
        *CloningRequest.model_fields,
        *ConversionRequest.model_fields,
        *EngineOptions.model_fields,
        *EffectsRequest.model_fields,
        *(alias for aliases in ALIASES.values() for alias in aliases),
    ]
)


@st.composite
def inputs(draw: st.DrawFn) -> Any:
    """Mostly a sensible request; often with one field that is anything; sometimes anything at all."""
    kind = draw(st.integers(0, 9))
    if kind == 0:
        return draw(anything)
    fields = draw(st.fixed_dictionaries({"text": texts}, optional={k: v for k, v in sensible.items() if k != "text"}))
    if kind == 1:
        fields["type"] = draw(st.sampled_from(["synthesis", "voices", "health", "cloning", "conversion", "cloneing"]))
    if kind == 5:
        fields["reference_audio"] = draw(recordings)
        fields["save_voice" if draw(st.booleans()) else "return_embedding"] = draw(st.booleans())
    if kind == 6:
        voice = draw(st.sampled_from([{"voice": "tone-male"}, {"voice": "sarah"}, {"reference_audio": "AAAA"}]))
        fields = {"type": "conversion", "source_audio": draw(recordings), **voice}
    if kind <= 4:
        fields[draw(names | st.text(max_size=10))] = draw(anything)
    return fields


def test_any_request_gets_audio_or_a_typed_error(service: Service) -> None:
    outcomes: dict[str, int] = {}

    @settings(
        max_examples=REQUESTS, deadline=None, database=None, derandomize=True, suppress_health_check=list(HealthCheck)
    )
    @given(inputs())
    def check(given_input: Any) -> None:
        reply = service.run(Job(id="fuzz"), given_input)
        json.dumps(reply.model_dump(mode="json", exclude_none=True), allow_nan=False).encode()
        assert isinstance(reply, SpeechReply | VoicesReply | HealthReply | ErrorReply)
        outcome = "ok"
        if isinstance(reply, ErrorReply):
            outcome = reply.error.code
            assert outcome in ERRORS_OF_A_CALLER, reply.error
            assert reply.error.message
        outcomes[outcome] = outcomes.get(outcome, 0) + 1

    check()
    assert sum(outcomes.values()) >= REQUESTS
    assert outcomes["ok"] > REQUESTS / 10, outcomes
