"""Blends: `low(2)+high` is somebody between both."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from tests.conftest import Caller, fresh
from tests.jobs.speakers import MONOTONE, audio, base64_of, pitch, refusal, speech, sung
from voice_library.library import VoiceLibrary
from voice_library.shelf import Shelf
from voice_library.voice import Embedding, Profile, Reference, Voice
from worker.engines.tone import F0
from worker.jobs.blends import blend_of
from worker.jobs.context import Worker
from worker.service import Service

SAID: dict[str, Any] = {"text": MONOTONE, "response_format": "wav", "seed": 5}
SOURCE = base64_of(sung(200, 4.0))


def speaker(voice_id: str, hertz: float, **more: Any) -> Voice:
    embeddings = {"tone/1": Embedding({F0: np.float32([hertz])})}
    given: dict[str, Any] = {"id": voice_id, "names": (voice_id.title(),), "language": "en", "gender": "female"}
    return Voice(**given | {"embeddings": embeddings} | more)


HEARD = Reference(samples=sung(160, 4.0).samples, sample_rate=sung(160, 4.0).sample_rate)
LIBRARY = VoiceLibrary(
    voices=(
        speaker("low", 100, gender="male", language="fr", consent="agreed"),
        speaker("high", 400, consent="agreed"),
        speaker("heard", 0, embeddings={}, reference=HEARD),
        speaker("formula", 0, embeddings={}, engines={"espeak": {"voice": "en-us"}}),
        speaker("rock", 250, names=("Rock+Roll",)),
    ),
    profiles=(Profile(id="deep", names=("Deep",), voice="low"),),
)


@pytest.fixture
def ask(worker: Worker) -> Caller:
    return Caller(Service(replace(fresh(worker), shelf=Shelf(LIBRARY))))


def test_a_blend_is_spoken_between_its_voices_nearer_to_the_heavier(ask: Caller) -> None:
    alone = {name: pitch(speech(ask(**SAID, voice=name))) for name in ("low", "high")}
    even, heavier = (pitch(speech(ask(**SAID, voice=name))) for name in ("low+high", "low(3)+high"))
    assert even == pytest.approx((alone["low"] * alone["high"]) ** 0.5, rel=0.01)
    assert heavier == pytest.approx(alone["low"] ** 0.75 * alone["high"] ** 0.25, rel=0.01)


def test_a_blend_is_told_as_it_can_be_asked_for_again(ask: Caller) -> None:
    reply = speech(ask(**SAID, voice=" Low (2) + HIGH(0.5)"))
    assert (reply.voice, reply.engine, reply.language, reply.warnings) == ("low(2)+high(0.5)", "tone", "fr", ())
    again = speech(ask(**SAID, voice=reply.voice))
    assert np.array_equal(audio(again).samples, audio(reply).samples)


def test_a_voice_that_was_never_baked_is_heard_first(ask: Caller) -> None:
    assert pitch(speech(ask(**SAID, voice="heard+high"))) > pitch(speech(ask(**SAID, voice="heard")))


def test_a_blend_speaks_in_a_dialogue_and_says_a_recording_again(ask: Caller) -> None:
    segments = [{"voice": "low+high", "text": "aaaa"}, {"voice": "high", "text": "aaaa"}]
    reply = speech(ask(type="dialogue", segments=segments, response_format="wav", captions="srt"))
    assert reply.utterances[0].speaker == "Low + High"
    converted = speech(ask(type="conversion", source_audio=SOURCE, voice="low+high", response_format="wav", seed=5))
    assert converted.voice == "low(1)+high(1)"
    assert pitch(converted) == pytest.approx(200, rel=0.01)


def test_a_voice_whose_name_reads_as_a_blend_is_that_voice(ask: Caller) -> None:
    assert speech(ask(**SAID, voice="Rock+Roll")).voice == "rock"


@pytest.mark.parametrize(
    ("name", "code", "complaint"),
    [
        ("low+hihg", "unknown_voice", "'high'"),
        ("low+", "invalid_request", "written as names"),
        ("low(0)+high", "invalid_request", "over 0"),
        ("low(1001)+high", "invalid_request", "up to 1000"),
        ("low(-1)+high", "invalid_request", "written as names"),
        ("low(nan)+high", "invalid_request", "written as names"),
        ("low+LOW", "invalid_request", "named twice"),
        ("low+deep", "invalid_request", "'low' in a blend"),
        ("+".join(["low"] * 9), "invalid_request", "at most 8"),
        ("low+formula", "unsupported_voice", "bake it"),
        ("+" * 100_000, "invalid_request", "at most 8"),
    ],
)
def test_what_cannot_be_blended_is_told(ask: Caller, name: str, code: str, complaint: str) -> None:
    error = refusal(ask(**SAID, voice=name)).error
    assert (error.code, error.field) == (code, "voice")
    assert complaint in error.message


def test_an_engine_that_does_not_blend_is_told_with_one_that_does(ask: Caller) -> None:
    error = refusal(ask(**SAID, voice="low+high", engine="espeak")).error
    assert (error.code, error.field) == ("unsupported_job", "engine")
    assert "tone does" in error.message


def test_each_voice_of_a_blend_needs_consent_where_the_worker_asks_for_it(worker: Worker) -> None:
    strict = Caller(Service(replace(fresh(worker, require_consent=True), shelf=Shelf(LIBRARY))))
    assert speech(strict(**SAID, voice="low+high"))
    assert refusal(strict(**SAID, voice="low+heard")).error.code == "consent_required"


def test_a_blend_has_the_lexicon_and_language_of_its_heaviest_voice() -> None:
    voices = (speaker("one", 100, lexicon={"GIF": "jif"}), speaker("two", 200, language="fr"))
    shelf = Shelf(VoiceLibrary(voices=voices))
    assert blend_of("one(2)+two", shelf).heaviest.lexicon == {"GIF": "jif"}
    assert blend_of("one+two(2)", shelf).language == "fr"
