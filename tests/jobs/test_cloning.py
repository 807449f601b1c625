"""The cloning job through the service: real files, a real server, and an engine that clones pitches."""

from __future__ import annotations

import base64
import json
import logging
import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from tests.conftest import Caller, fresh
from tests.fetch.servers import answering, fetcher, server_tls, serving
from tests.jobs.speakers import (
    MONOTONE,
    Counting,
    audio,
    base64_of,
    file,
    pitch,
    refusal,
    speech,
    sung,
    with_silence,
)
from voice_library.embedding_file import voice_from_bytes, voice_to_bytes
from voice_library.voice import Embedding, Voice
from worker.audio.clip import Clip
from worker.engines.registry import Engines
from worker.engines.tone import ToneEngine
from worker.fetch.fetcher import Fetcher
from worker.fetch.limits import FetchLimits
from worker.jobs.cloning import plan_of
from worker.jobs.context import Job, Worker
from worker.request import parse
from worker.service import Service

PITCH_TOLERANCE = 0.005
"""Of the measurements of the reference and of the reply together."""
PLAIN: dict[str, Any] = {"type": "cloning", "text": MONOTONE, "response_format": "wav", "seed": 5}
"""A synthesis without a speaker."""
SINGER = base64_of(sung(330))


@pytest.fixture
def counting(worker: Worker) -> Counting:
    return Counting()


@pytest.fixture
def counted(worker: Worker, counting: Counting) -> Caller:
    return Caller(Service(replace(fresh(worker), engines=Engines([worker.engines["espeak"], counting]))))


def near(hertz: float) -> Any:
    return pytest.approx(hertz, rel=PITCH_TOLERANCE)


@pytest.mark.parametrize("hertz", [110.0, 330.0, 523.25])
def test_the_reply_speaks_with_the_pitch_of_the_reference(ask: Caller, hertz: float) -> None:
    reply = speech(ask(**PLAIN, reference_audio=base64_of(sung(hertz))))
    assert pitch(reply) == near(hertz)
    assert (reply.engine, reply.language, reply.seed, reply.warnings) == ("tone", "en", 5, ())
    assert reply.voice.startswith("clone-")
    assert len(reply.voice) == len("clone-") + 12


def test_a_synthesis_with_a_reference_is_a_cloning(ask: Caller) -> None:
    foreign = {"prompt": MONOTONE, "voice_url": SINGER, "format": "wav", "seed": 5}
    assert speech(ask(**foreign)).audio_base64 == speech(ask(**PLAIN, reference_audio=SINGER)).audio_base64


@pytest.mark.parametrize(
    ("container", "codec"),
    [("WAV", "PCM_16"), ("WAV", "FLOAT"), ("FLAC", "PCM_24"), ("MP3", "MPEG_LAYER_III"), ("OGG", "VORBIS")],
)
def test_every_kind_of_file_is_heard_alike(ask: Caller, container: str, codec: str) -> None:
    sent = base64_of(file(sung(330), container, codec))
    assert pitch(ask(**PLAIN, reference_audio=sent)) == near(330)
    uri = f"data:audio/whatever;base64,{sent}"
    assert speech(ask(**PLAIN, reference_audio=uri)).voice == speech(ask(**PLAIN, reference_audio=sent)).voice


@pytest.mark.parametrize("channels", [2, 6])
def test_a_recording_of_several_channels_is_heard_as_one(ask: Caller, channels: int) -> None:
    assert pitch(ask(**PLAIN, reference_audio=base64_of(file(sung(330), channels=channels)))) == near(330)


def test_a_url_is_fetched_over_https(worker: Worker) -> None:
    with serving(answering(file(sung(330))), tls=server_tls()) as server:
        ask = Caller(Service(replace(fresh(worker), fetcher=fetcher(server, allow_http=False))))
        assert pitch(ask(**PLAIN, reference_audio=server.url("/me.wav?signature=x"))) == near(330)


@pytest.mark.parametrize(
    "url",
    ["http://voice.example/a.wav", "https://127.0.0.1/a.wav", "https://169.254.169.254/latest", "file:///etc/passwd"],
)
def test_a_url_that_leads_inside_is_refused(ask: Caller, url: str) -> None:
    error = refusal(ask(**PLAIN, reference_audio=url)).error
    assert (error.code, error.field, error.retryable) == ("url_not_allowed", "reference_audio", False)


def test_a_server_that_has_no_such_file_is_said_to_have_none(worker: Worker) -> None:
    with serving(answering(status="404 Not Found")) as server:
        ask = Caller(Service(replace(fresh(worker), fetcher=fetcher(server))))
        error = refusal(ask(**PLAIN, reference_audio=server.url())).error
    assert (error.code, error.field) == ("url_unusable", "reference_audio")


def noise(duration_sec: float, level: float) -> Clip:
    samples = np.random.default_rng(1).standard_normal(round(duration_sec * 24_000)) * level
    return Clip(samples=samples.astype(np.float32), sample_rate=24_000)


def still(duration_sec: float, value: float = 0.0) -> Clip:
    return Clip(samples=np.full(round(duration_sec * 24_000), value, dtype=np.float32), sample_rate=24_000)


NOT_FINITE = Clip(samples=np.full(96_000, np.nan, dtype=np.float32), sample_rate=24_000)


@pytest.mark.parametrize(
    ("sent", "code", "words"),
    [
        (base64_of(sung(330, 0.5)), "invalid_reference", "0.5 s of sound.*at least 1 s, better 3 s"),
        (base64_of(with_silence(sung(330, 0.5), 3, 3)), "invalid_reference", "0.5 s of sound"),
        (base64_of(still(5)), "invalid_reference", "silent"),
        (base64_of(still(5, 0.5)), "invalid_reference", "silent"),
        (base64_of(noise(5, 1e-4)), "invalid_reference", "silent"),
        (base64_of(noise(5, 0.1)), "invalid_reference", "pitch"),
        (base64_of(with_silence(sung(330, 5), 12, 0)), "invalid_reference", "silent in the first 10 s"),
        (base64_of(file(NOT_FINITE, "WAV", "FLOAT")), "invalid_audio", "not finite"),
        (base64_of(b"no audio at all"), "invalid_audio", "is not a WAV"),
        (base64_of(file(sung(330))[:60]), "invalid_reference", "0.0 s of sound"),
        (SINGER[:-7] + "*", "invalid_request", "base64"),
        ("me.wav", "invalid_request", "base64"),
        ("  ", "invalid_audio", ""),
        ("", "invalid_request", "at least 1"),
        (base64_of(sung(330, 601, 8000)), "audio_too_long", "600.0 s"),
    ],
    ids=[
        "too short", "too short in silence", "silent", "constant", "hardly a sound", "no voice", "silent where heard",
        "not finite", "not audio", "cut off", "bad base64", "a name", "blank", "empty", "too long",
    ],
)  # fmt: skip
def test_a_recording_nobody_can_be_cloned_from_is_a_typed_error(ask: Caller, sent: str, code: str, words: str) -> None:
    error = refusal(ask(**PLAIN, reference_audio=sent)).error
    assert (error.code, error.field, error.retryable) == (code, "reference_audio", False)
    assert re.search(words, error.message)


def test_a_recording_over_the_fetchers_limit_is_refused(worker: Worker) -> None:
    ask = Caller(Service(replace(fresh(worker), fetcher=Fetcher(limits=FetchLimits(max_bytes=10_000)))))
    error = refusal(ask(**PLAIN, reference_audio=SINGER)).error
    assert (error.code, error.field) == ("fetch_too_large", "reference_audio")


@pytest.mark.parametrize(
    ("clip", "words"),
    [
        (sung(330, 2), "2.0 s of sound; from 3 s on"),
        (sung(330, 600, 8000), "only the first 10 s"),
        (sung(330, 4, 8000), "8000 Hz and will sound dull"),
        (sung(330, level=0.002), "very quiet (-"),
        (Clip(samples=np.clip(8 * sung(330).samples, -1, 1), sample_rate=24_000), "is clipped"),
    ],
    ids=["short", "ten minutes", "telephone", "quiet", "clipped"],
)
def test_a_recording_that_could_be_better_works_and_the_reply_says_so(ask: Caller, clip: Clip, words: str) -> None:
    reply = speech(ask(**PLAIN, reference_audio=base64_of(clip)))
    assert pitch(reply) == near(330)
    assert any(warning.startswith("reference_audio: ") and words in warning for warning in reply.warnings)


@pytest.mark.parametrize(
    ("fields", "code", "field", "words"),
    [
        ({}, "invalid_request", "reference_audio", "or its 'voice_embedding'"),
        ({"reference_audio": SINGER, "voice_embedding": "AA"}, "invalid_request", "reference_audio", "either"),
        ({"reference_audio": SINGER, "engine": "espeak"}, "unsupported_job", "engine", "tone does"),
        ({"reference_audio": SINGER, "engine": "tome"}, "unknown_engine", "engine", "did you mean 'tone'"),
        ({"reference_audio": SINGER, "language": "ja"}, "unsupported_language", "language", "'tone'"),
        ({"reference_audio": SINGER, "profile": "creole-narrator"}, "invalid_request", "profile", "effects"),
        ({"reference_audio": SINGER, "voice": "lucy", "strict": True}, "unsupported_parameter", "voice", "leave out"),
        ({"reference_audio": SINGER, "temperature": 1.0, "strict": True}, "unsupported_parameter", "temperature", ""),
        ({"reference_audio": SINGER, "text": " "}, "empty_text", "text", ""),
        ({"reference_audio": SINGER, "replace_voice": True}, "invalid_request", "replace_voice", "save_voice"),
        ({"reference_audio": SINGER, "save_voice": "me"}, "saving_unavailable", "save_voice", "TTS_SAVED_VOICES_DIR"),
    ],
)
def test_what_cannot_be_cloned_as_asked_is_a_typed_error(
    ask: Caller, fields: dict[str, object], code: str, field: str, words: str
) -> None:
    error = refusal(ask(**{**PLAIN, **fields})).error
    assert (error.code, error.field, error.retryable) == (code, field, False)
    assert words in error.message


def test_a_worker_without_a_cloning_engine_says_what_to_load(worker: Worker) -> None:
    ask = Caller(Service(replace(fresh(worker), engines=Engines([worker.engines["espeak"]]))))
    error = refusal(ask(**PLAIN, reference_audio=SINGER)).error
    assert (error.code, error.field) == ("unsupported_job", "engine")
    assert "TTS_ENGINES=chatterbox,espeak" in error.message


def test_a_voice_beside_the_recording_is_left_out_with_a_warning(ask: Caller) -> None:
    reply = speech(ask(**PLAIN, reference_audio=SINGER, voice="lucy"))
    assert reply.warnings == ("the recording says who speaks; 'voice' was left out",)


def test_a_clone_speaks_the_language_of_the_text_with_options_and_effects(ask: Caller) -> None:
    reply = speech(ask(**PLAIN, reference_audio=SINGER, language="fr_CA", effects={"pitch_semitones": 12}))
    assert reply.language == "fr_CA"
    assert pitch(reply) == near(660)


def test_a_cloning_streams_like_any_speech(service: Service) -> None:
    request = {**PLAIN, "reference_audio": SINGER, "return_embedding": True, "response_format": "pcm"}
    *pieces, reply = service.stream(Job(id="x"), {**request, "stream": True})
    whole = speech(service.run(Job(id="x"), request))
    assert b"".join(pieces) == base64.b64decode(whole.audio_base64 or "")  # type: ignore[arg-type]
    assert speech(reply).voice_embedding == whole.voice_embedding  # type: ignore[arg-type]


def test_the_embedding_a_job_returns_speaks_like_the_recording_and_does_not_hold_it(ask: Caller) -> None:
    first = speech(ask(**PLAIN, reference_audio=SINGER, language="fr", return_embedding=True))
    assert first.voice_embedding
    voice = voice_from_bytes(base64.b64decode(first.voice_embedding))
    assert voice.reference is None
    assert set(voice.embeddings) == {ToneEngine.embedding_key}
    again = speech(ask(**PLAIN, voice_embedding=first.voice_embedding, return_embedding=True))
    assert again.audio_base64 == first.audio_base64
    assert again.language == "fr"
    assert again.voice_embedding
    assert speech(ask(**PLAIN, reference_audio=SINGER)).voice_embedding is None


def embedding_of(key: str, **arrays: object) -> str:
    embeddings = {key: Embedding({name: np.asarray(array) for name, array in arrays.items()})}
    voice = Voice(id="x", names=("x",), language="en", gender="male", embeddings=embeddings)
    return base64_of(voice_to_bytes(voice))


@pytest.mark.parametrize(
    ("sent", "code", "words"),
    [
        (embedding_of("tone/2", f0_hz=np.float32([330])), "incompatible_embedding", "send the recording again"),
        (embedding_of("chatterbox/1", x=np.float32([330])), "incompatible_embedding", "loaded are espeak, tone"),
        (embedding_of("tone/1", f0_hz=np.float32([330, 331])), "incompatible_embedding", "damaged"),
        (embedding_of("tone/1", f0_hz=np.float32([1e9])), "incompatible_embedding", "damaged"),
        (embedding_of("tone/1", other=np.float32([330])), "incompatible_embedding", "damaged"),
        (embedding_of("tone/1", f0_hz=np.float32([330]))[:-40], "invalid_voice_file", "truncated"),
        (base64_of(b"\x80\x04 pickle"), "invalid_voice_file", "pickle"),
        (SINGER, "invalid_voice_file", "WAV"),
        ("*", "invalid_request", "base64"),
        ("https://127.0.0.1/voice", "url_not_allowed", ""),
    ],
)
def test_an_embedding_that_cannot_be_used_is_a_typed_error(ask: Caller, sent: str, code: str, words: str) -> None:
    error = refusal(ask(**PLAIN, voice_embedding=sent)).error
    assert (error.code, error.field, error.retryable) == (code, "voice_embedding", False)
    assert words in error.message


@pytest.mark.parametrize("fields", [{}, {"return_embedding": True}])
def test_nobody_is_enrolled_twice_in_a_job(counted: Caller, counting: Counting, fields: dict[str, object]) -> None:
    request = {**PLAIN, "text": ". ".join([MONOTONE] * 9), "chunk_size": 50, "reference_audio": SINGER}
    reply = speech(counted(**request, **fields))
    assert len(reply.utterances) > 3
    assert len(counting.enrolled) == 1


def test_an_embedding_is_not_enrolled_again(counted: Caller, counting: Counting) -> None:
    sent = embedding_of("tone/1", f0_hz=np.float32([330]))
    assert pitch(counted(**PLAIN, voice_embedding=sent, return_embedding=True)) == near(330)
    assert counting.enrolled == []


def test_ten_clones_at_once_each_speak_with_their_own_pitch(ask: Caller) -> None:
    pitches = [150.0 * 2 ** (step / 6) for step in range(10)]
    sent = {hertz: base64_of(sung(hertz)) for hertz in pitches}

    def clone(hertz: float) -> float:
        return pitch(ask(**PLAIN, reference_audio=sent[hertz]))

    with ThreadPoolExecutor(10) as pool:
        for hertz, heard in zip(pitches * 3, pool.map(clone, pitches * 3), strict=True):
            assert heard == near(hertz)


def test_neither_the_recording_nor_its_url_is_logged(worker: Worker, caplog: pytest.LogCaptureFixture) -> None:
    sent, place = base64_of(sung(330)), "/canary-path?signature=canary"
    with caplog.at_level(logging.DEBUG), serving(answering(b"no audio")) as server:
        ask = Caller(Service(replace(fresh(worker), fetcher=fetcher(server))))
        speech(ask(**PLAIN, reference_audio=sent, return_embedding=True))
        refusal(ask(**PLAIN, reference_audio=server.url(place)))
        refusal(ask(**PLAIN, reference_audio="https://127.0.0.1" + place))
    logged = json.dumps([vars(record) for record in caplog.records], default=str)
    assert "job done" in logged
    assert "canary" not in logged
    assert sent[100:140] not in logged


def test_a_job_cancelled_while_it_fetches_makes_no_audio(worker: Worker, counting: Counting) -> None:
    service = Service(replace(fresh(worker), engines=Engines([counting])))
    job = Job(id="x")

    class Cancelling(Fetcher):
        def fetch(self, url: str) -> bytes:  # noqa: ARG002 - the shape of a fetcher's
            job.cancellation.cancel()
            return file(sung(330))

    service = Service(replace(service.worker, fetcher=Cancelling()))
    error = refusal(service.run(job, {**PLAIN, "reference_audio": "https://voice.example/a.wav"})).error
    assert error.code == "cancelled"
    assert counting.enrolled == []


def test_the_audio_is_heard(ask: Caller) -> None:
    clip = audio(ask(**PLAIN, reference_audio=SINGER))
    assert np.sqrt(np.mean(clip.samples**2)) > 0.01


def test_what_a_url_holds_changes_the_place_where_the_file_is_stored(worker: Worker) -> None:
    digests = []
    for clip in (sung(330), sung(330), sung(440)):
        with serving(answering(file(clip)), port=0) as server:
            reader = fetcher(server)
            request = parse({**PLAIN, "reference_audio": server.url()})
            plan = plan_of(request, Job(id="x"), replace(worker, fetcher=reader), streams=False)  # type: ignore[arg-type]
            digests.append(plan.digest)
    assert digests[0] == digests[1] != digests[2]
