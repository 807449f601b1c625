"""Parsing: what is understood, what is refused, and what the message says."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest

from worker.errors import InvalidRequest
from worker.request import (
    ALIASES,
    CloningRequest,
    ConversionRequest,
    DialogueRequest,
    HealthRequest,
    SynthesisRequest,
    VoicesRequest,
    parse,
)
from worker.request.schema import schema

REPOSITORY = Path(__file__).parent.parent


def synthesis(**fields: object) -> SynthesisRequest:
    request = parse({"text": "hello", **fields})
    assert isinstance(request, SynthesisRequest)
    return request


def dialogue(*segments: object) -> DialogueRequest:
    request = parse({"type": "dialogue", "segments": list(segments)})
    assert isinstance(request, DialogueRequest)
    return request


@pytest.mark.parametrize(
    ("foreign", "ours"),
    [
        (  # RunPod's hosted chatterbox-turbo
            {"prompt": "hi", "voice": "lucy", "voice_url": None, "format": "wav"},
            {"text": "hi", "voice": "lucy", "response_format": "wav"},
        ),
        ({"text": "hi", "voice_id": "sarah"}, {"text": "hi", "voice": "sarah"}),
        (  # OpenAI
            {"input": "hi", "voice": "alloy", "response_format": "flac", "speed": 1.5, "model": "tts-1"},
            {"text": "hi", "voice": "alloy", "response_format": "flac", "speed": 1.5},
        ),
        (  # RunPod's hosted chatterbox-turbo, cloning
            {"prompt": "hi", "voice": "lucy", "voice_url": "https://x.example/me.wav", "format": "wav"},
            {
                "type": "cloning",
                "text": "hi",
                "voice": "lucy",
                "reference_audio": "https://x.example/me.wav",
                "response_format": "wav",
            },
        ),
        (
            {"task": "conversion", "audio": "AA", "voice": "me"},
            {"type": "conversion", "source_audio": "AA", "voice": "me"},
        ),
        ({"text": "hi", "lang_code": "fr", "max_chars": 100}, {"text": "hi", "language": "fr", "chunk_size": 100}),
    ],
)
def test_requests_written_for_other_workers_parse(foreign: dict[str, object], ours: dict[str, object]) -> None:
    assert parse(foreign) == parse(ours)


def test_every_alias_names_its_field() -> None:
    canonical = {"text": "a", "voice": "b", "language": "fr", "response_format": "wav", "speed": 2, "chunk_size": 99}
    canonical |= {"engine": "espeak", "type": "synthesis"}
    conversion = {"type": "conversion", "source_audio": "c", "reference_audio": "d"}
    for fields in (canonical, canonical | {"type": "cloning", "reference_audio": "d"}, conversion):
        for name, value in fields.items():
            for alias in ALIASES[name]:
                assert parse(fields | {name: None, alias: value}) == parse(fields), alias


def test_types_are_told_apart_and_synthesis_is_the_default() -> None:
    assert isinstance(parse({"text": "x"}), SynthesisRequest)
    assert isinstance(parse({"type": "voices"}), VoicesRequest)
    assert isinstance(parse({"task": "health"}), HealthRequest)
    assert isinstance(parse({"type": "cloning", "text": "x"}), CloningRequest)
    assert isinstance(parse({"type": "conversion", "source_audio": "x"}), ConversionRequest)


@pytest.mark.parametrize("speaker", [{"reference_audio": "AA"}, {"voice_embedding": "AA"}, {"ref_audio": "AA"}])
@pytest.mark.parametrize("given_type", [{}, {"type": "synthesis"}, {"type": "cloning"}])
def test_a_text_with_a_speaker_of_its_own_is_a_cloning(speaker: dict[str, str], given_type: dict[str, str]) -> None:
    assert isinstance(parse({"text": "x", **speaker, **given_type}), CloningRequest)


def test_a_cloning_takes_every_field_of_a_synthesis() -> None:
    assert set(SynthesisRequest.model_fields) - {"voice_tags"} < set(CloningRequest.model_fields)


def test_segments_are_read_like_requests() -> None:
    foreign = {"prompt": "hi", "voice_id": "sarah", "lang_code": "fr", "speed_factor": 2, "model": "tts-1", "pitch": 60}
    ours = {"text": "hi", "voice": "sarah", "language": "fr", "speed": 2, "engine": "auto", "options": {"pitch": 60}}
    request = dialogue({**foreign, "speaker": None}, {"text": "yes", "gap_sec": 0.5})
    assert request == dialogue(ours, {"text": "yes", "gap_sec": 0.5})
    assert request.segments[0].options.given == {"pitch"}


def test_a_dialogue_takes_what_a_recording_has_in_common_but_no_text() -> None:
    assert set(SynthesisRequest.model_fields) - set(DialogueRequest.model_fields) == {"text", "voice_tags"}


@pytest.mark.parametrize(
    ("segment", "field", "message"),
    [
        ({"text": "x", "voise": "y"}, "segments.1.voise", "'segments.1': unknown field 'voise'; did you mean 'voice'"),
        ({"text": "x", "temprature": 1}, "segments.1.temprature", "did you mean 'temperature'"),
        ({"text": "x", "options": {"pich": 3}}, "segments.1.options.pich", "did you mean 'pitch'"),
        ({"text": "x", "response_format": "mp3"}, "segments.1.response_format", "beside 'segments'"),
        ({"text": "x", "prompt": "y"}, "segments.1.text", "given twice"),
        ({"text": "x", "secret text of the caller": 1}, "segments.1", "unknown field"),
        ({"voice": "sarah"}, "segments.1.text", "required"),
        ({"text": "x", "gap_sec": 11}, "segments.1.gap_sec", "less than or equal to 10"),
        ({"text": "x", "speed": 9}, "segments.1.speed", "less than or equal to 4"),
        ({"text": "x", "speaker": ""}, "segments.1.speaker", "at least 1"),
        ("x", "segments.1", "send an object"),
    ],
)
def test_a_bad_segment_is_named_with_its_number(segment: object, field: str, message: str) -> None:
    with pytest.raises(InvalidRequest, match=message) as caught:
        dialogue({"text": "fine"}, segment)
    assert caught.value.field == field
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    ("segments", "message"),
    [([], "list should have at least 1"), ([{"text": "x"}] * 2001, "at most 2000"), ({"text": "x"}, "send a list")],
)
def test_a_dialogue_has_a_list_of_segments(segments: object, message: str) -> None:
    with pytest.raises(InvalidRequest, match=message) as caught:
        parse({"type": "dialogue", "segments": segments})
    assert caught.value.field == "segments"


@pytest.mark.parametrize(
    ("lexicon", "field", "message"),
    [
        ({" ": "x"}, "lexicon", "blank"),
        ({"": "x"}, "lexicon", "at least 1"),
        ({"é": "x", "e\u0301": "y"}, "lexicon", "given twice"),
        ({"GIF": 3}, "lexicon.GIF", "valid string"),
        ({"x" * 65: "y"}, "lexicon", "at most 64"),
        ({"x": "y" * 201}, "lexicon.x", "at most 200"),
        ({str(number): "y" for number in range(501)}, "lexicon", "at most 500"),
        (["GIF"], "lexicon", "send an object"),
    ],
)
def test_a_bad_lexicon_is_refused(lexicon: object, field: str, message: str) -> None:
    with pytest.raises(InvalidRequest, match=message) as caught:
        parse({"text": "x", "lexicon": lexicon})
    assert caught.value.field == field


@pytest.mark.parametrize("name", ["me", "my_voice", "my-voice-2", "Ma Voix É", "7", "x" * 64])
def test_a_voice_may_be_saved_under_an_id_or_what_makes_one(name: str) -> None:
    assert isinstance(parse({"text": "x", "reference_audio": "AA", "save_voice": name}), CloningRequest)


def test_engine_options_may_stand_at_top_level() -> None:
    assert synthesis(pitch=60, temperature=0.7) == synthesis(options={"pitch": 60, "temperature": 0.7})
    assert synthesis(pitch=60).options.given == {"pitch"}


def test_null_fields_count_as_absent() -> None:
    assert synthesis(voice=None, seed=None, pitch=None, options=None) == synthesis()


@pytest.mark.parametrize(
    ("fields", "field", "message"),
    [
        ({"texxt": "x"}, "texxt", "did you mean 'text'"),
        ({"text": "x", "respnse_format": "wav"}, "respnse_format", "did you mean 'response_format'"),
        ({"text": "x", "temprature": 1.0}, "temprature", "did you mean 'temperature'"),
        ({"text": "x", "options": {"pich": 3}}, "options.pich", "did you mean 'pitch'"),
        ({"text": "x", "effects": {"reverbs": 0.3}}, "effects.reverbs", "did you mean 'reverb'"),
        ({"text": "x", "response_format": "aac"}, "response_format", "'wav', 'mp3'"),
        ({"text": "x", "speed": 5}, "speed", "less than or equal to 4"),
        ({"text": "x", "speed": True}, "speed", "valid number"),
        ({"text": "x", "speed": "1.0"}, "speed", "valid number"),
        ({"text": "x", "speed": float("nan")}, "speed", "finite"),
        ({"text": "x", "sample_rate": 4000}, "sample_rate", "8000"),
        ({"text": "x", "seed": -2}, "seed", "-1"),
        ({"text": "x", "seed": 10**400}, "seed", "4294967295"),
        ({"text": "x", "language": "french"}, "language", "BCP-47"),
        ({"text": 5}, "text", "string"),
        ({}, "text", "required"),
        ({"voice": "sarah"}, "text", "required"),
        ({"text": "x", "prompt": "y"}, "text", "given twice"),
        ({"text": "x", "pitch": 3, "options": {"pitch": 4}}, "pitch", "given twice"),
        ({"text": "x", "options": "loud", "pitch": 4}, "options", "send an object"),
        ({"text": "x", "save_voice": "me"}, "save_voice", "belongs to cloning"),
        ({"text": "x", "source_audio": "AA"}, "source_audio", "belongs to conversion"),
        ({"text": "x", "segments": []}, "segments", "belongs to dialogue"),
        ({"text": "x", "ref_audio": "AA", "voice_tags": True}, "voice_tags", "belongs to synthesis"),
        ({"text": "x", "ref_audio": "AA", "save_voice": "../x"}, "save_voice", "letters a-z"),
        ({"text": "x", "ref_audio": "AA", "retrun_embedding": True}, "retrun_embedding", "'return_embedding'"),
        ({"text": "x", "ref_audio": ""}, "reference_audio", "at least 1"),
        ({"text": "x", "ref_audio": 5}, "reference_audio", "string"),
        ({"type": "conversion", "voice": "me"}, "source_audio", "required"),
        ({"type": "conversion", "source_audio": "AA", "text": "x"}, "text", "belongs to synthesis, cloning"),
        ({"type": "conversion", "source_audio": "AA", "pitch": 3}, "pitch", "unknown field"),
        ({"type": "sythesis", "text": "x"}, "type", "did you mean 'synthesis'"),
        ({"type": 3}, "type", "known: synthesis, cloning, conversion, dialogue, long_text, voices"),
        ({"type": "health", "text": "x"}, "text", "unknown field"),
        ({"text": "x", "fallback": "espeak"}, "fallback", "'none', or a list of steps"),
        ({"text": "x", "fallback": [{}]}, "fallback.0", "an 'engine', a 'voice', or both"),
        ({"text": "x", "delivery": "mail"}, "delivery", "'volume' or 's3'"),
        ({"text": "x", "secret text of the caller": 1}, None, "unknown field"),
    ],
)
def test_a_bad_field_is_named_with_what_to_change(fields: dict[str, object], field: str | None, message: str) -> None:
    with pytest.raises(InvalidRequest, match=message) as caught:
        parse(fields)
    assert caught.value.field == field
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("given", [None, [], "text", 3, [["text", "x"]]])
def test_an_input_that_is_no_object_is_refused(given: object) -> None:
    with pytest.raises(InvalidRequest, match="JSON object"):
        parse(given)


def test_several_faults_are_told_at_once() -> None:
    with pytest.raises(InvalidRequest) as caught:
        parse({"text": "x", "speed": 9, "chunk_size": 3})
    assert "'speed'" in str(caught.value)
    assert "'chunk_size'" in str(caught.value)


def test_requests_are_frozen() -> None:
    with pytest.raises(ValueError, match="frozen"):
        synthesis().speed = 2.0  # type: ignore[misc]


def test_the_published_schema_is_current() -> None:
    published = json.loads((REPOSITORY / "docs" / "request.schema.json").read_text(encoding="utf-8"))
    assert published == schema(), "run `make schema`"


def test_the_schema_accepts_what_the_parser_accepts_and_refuses_what_it_refuses() -> None:
    validator = jsonschema.Draft202012Validator(schema())
    validator.check_schema(schema())
    assert validator.is_valid({"type": "synthesis", "text": "hi", "options": {"pitch": 50}, "effects": {"reverb": 0.2}})
    assert validator.is_valid({"type": "health"})
    assert validator.is_valid({"type": "cloning", "text": "hi", "reference_audio": "AA", "save_voice": "me"})
    assert validator.is_valid({"type": "conversion", "source_audio": "AA", "voice": "me"})
    assert validator.is_valid({"type": "dialogue", "segments": [{"text": "hi", "voice": "me"}], "lexicon": {"a": "b"}})
    assert not validator.is_valid({"type": "dialogue", "segments": []})
    assert not validator.is_valid({"type": "conversion", "text": "hi", "voice": "me"})
    assert not validator.is_valid({"type": "synthesis", "text": "hi", "speed": 5})
    assert not validator.is_valid({"type": "synthesis", "text": "hi", "sped": 1})
