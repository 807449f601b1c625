"""The conversion job through the service: a recording said again, as long and as loud as it was."""

from __future__ import annotations

import base64
from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from tests.conftest import Caller, fresh
from tests.fetch.servers import answering, fetcher, serving
from tests.jobs.speakers import audio, base64_of, file, pitch, refusal, speech, sung, with_silence
from voice_library.library import VoiceLibrary
from voice_library.shelf import Shelf
from voice_library.voice import Effects, Profile
from worker.audio.clip import Clip
from worker.engines.registry import Engines
from worker.jobs.context import Worker
from worker.service import Service

PLAIN: dict[str, Any] = {"type": "conversion", "response_format": "wav", "seed": 5}
SOURCE = base64_of(sung(200, 4.0))
TONE_FEMALE_HZ = 330.0


def near(hertz: float) -> Any:
    return pytest.approx(hertz, rel=0.005)


def envelope(clip: Clip, step_sec: float = 0.05) -> np.ndarray:
    """Effective loudness every `step_sec`."""
    step = round(step_sec * clip.sample_rate)
    samples = clip.samples[: len(clip.samples) // step * step].reshape(-1, step)
    return np.sqrt(np.mean(samples**2, axis=1))


def test_the_recording_is_said_again_by_a_library_voice_in_its_own_rhythm(ask: Caller) -> None:
    reply = speech(ask(**PLAIN, source_audio=SOURCE, voice="tone-female"))
    assert (reply.engine, reply.voice, reply.language, reply.seed) == ("tone", "tone-female", "en", 5)
    assert reply.warnings == ()
    assert reply.duration_sec == pytest.approx(4.0, abs=0.001)
    assert pitch(reply) == near(TONE_FEMALE_HZ)
    heard, source = envelope(audio(reply)), envelope(sung(200, 4.0))
    assert np.corrcoef(heard, source)[0, 1] > 0.99


def test_its_one_utterance_spans_the_recording_and_no_text(ask: Caller) -> None:
    (utterance,) = speech(ask(**PLAIN, source_audio=SOURCE, voice="tone-female")).utterances
    assert (utterance.start, utterance.end) == (None, None)
    assert (utterance.start_sec, utterance.end_sec, utterance.verdict) == (0.0, 4.0, "ok")


@pytest.mark.parametrize("name", ["audio", "input_audio", "source"])
def test_the_source_goes_by_the_names_of_other_workers(ask: Caller, name: str) -> None:
    ours = speech(ask(**PLAIN, source_audio=SOURCE, voice="tone-female"))
    assert speech(ask(**PLAIN, **{name: SOURCE}, voice="tone-female")).audio_base64 == ours.audio_base64


def test_it_is_said_again_by_the_speaker_of_another_recording(ask: Caller) -> None:
    reply = speech(ask(**PLAIN, source_audio=SOURCE, reference_audio=base64_of(sung(523.25))))
    assert pitch(reply) == near(523.25)
    assert reply.voice.startswith("clone-")


def test_it_is_said_again_by_the_speaker_of_an_embedding(ask: Caller) -> None:
    sent = speech(ask(text="hi", reference_audio=base64_of(sung(440)), return_embedding=True)).voice_embedding
    assert pitch(ask(**PLAIN, source_audio=SOURCE, voice_embedding=sent)) == near(440)


def test_a_source_and_a_reference_by_url_are_both_fetched(worker: Worker) -> None:
    with serving(answering(file(sung(200)))) as one, serving(answering(file(sung(440), "FLAC"))) as other:
        ask = Caller(Service(replace(fresh(worker), fetcher=fetcher(one, other))))
        assert pitch(ask(**PLAIN, source_audio=one.url(), reference_audio=other.url())) == near(440)


def test_a_profile_lends_its_voice_and_effects_and_its_options_are_a_warning(worker: Worker) -> None:
    deep = Profile(
        id="deep", names=("Deep",), voice="tone-female", effects=Effects(pitch_semitones=-12), options={"pitch": 3}
    )
    library = VoiceLibrary(voices=worker.library.voices, profiles=(deep,))
    ask = Caller(Service(replace(fresh(worker), shelf=Shelf(library))))
    reply = speech(ask(**PLAIN, source_audio=SOURCE, profile="deep"))
    assert pitch(reply) == near(TONE_FEMALE_HZ / 2)
    assert (reply.voice, reply.warnings) == ("deep", ("a conversion does not honour the profile's options: pitch",))
    assert refusal(ask(**PLAIN, source_audio=SOURCE, profile="deep", strict=True)).error.code == "unsupported_parameter"


def test_the_tempo_changes_its_length(ask: Caller) -> None:
    reply = speech(ask(**PLAIN, source_audio=SOURCE, voice="tone-female", effects={"speed": 2.0}))
    assert reply.duration_sec == pytest.approx(2.0, abs=0.001)


def test_the_same_seed_gives_the_same_samples_and_another_one_does_not(ask: Caller) -> None:
    first, again, other = (
        speech(ask(**{**PLAIN, "seed": seed}, source_audio=SOURCE, voice="tone-female")).audio_base64
        for seed in (5, 5, 6)
    )
    assert first == again != other


@pytest.mark.parametrize("name", ["mp3", "flac", "ogg", "opus", "pcm"])
def test_every_format_is_delivered(ask: Caller, name: str) -> None:
    reply = speech(ask(**{**PLAIN, "response_format": name}, source_audio=SOURCE, voice="tone-female"))
    assert reply.format == name
    assert len(base64.b64decode(reply.audio_base64 or "")) == reply.size_bytes > 1000


def test_a_source_longer_than_the_engine_takes_is_said_in_pieces_without_a_gap(ask: Caller) -> None:
    source = sung(200, 50.0)
    reply = speech(ask(**PLAIN, source_audio=base64_of(source), voice="tone-female"))
    assert len(reply.utterances) == 3
    assert len({utterance.seed for utterance in reply.utterances}) == 3
    edges = [(utterance.start_sec, utterance.end_sec) for utterance in reply.utterances]
    assert edges[0][0] == 0.0
    assert all(before[1] == after[0] for before, after in pairwise(edges))
    assert reply.duration_sec == edges[-1][1] == pytest.approx(50.0, abs=0.001)
    assert np.corrcoef(envelope(audio(reply)), envelope(source))[0, 1] > 0.98


def test_what_was_soft_in_a_long_source_stays_soft(ask: Caller) -> None:
    loud, soft = sung(200, 25.0), sung(200, 25.0, level=0.03)
    source = Clip(samples=np.concatenate((loud.samples, soft.samples)), sample_rate=24_000)
    heard = audio(ask(**PLAIN, source_audio=base64_of(source), voice="tone-female"))
    middle = len(heard.samples) // 2
    first, second = (np.sqrt(np.mean(part**2)) for part in (heard.samples[:middle], heard.samples[middle:]))
    assert 20 * np.log10(first / second) == pytest.approx(20, abs=2)


def test_silence_around_the_speech_stays_as_long_as_it_was(ask: Caller) -> None:
    source = with_silence(sung(200, 3.0), 1.0, 2.0)
    reply = speech(ask(**PLAIN, source_audio=base64_of(source), voice="tone-female"))
    assert reply.duration_sec == pytest.approx(6.0, abs=0.001)
    assert np.abs(audio(reply).samples[: reply.sample_rate // 2]).max() < 0.02


def test_long_silence_in_a_source_is_silence_in_the_reply(ask: Caller) -> None:
    source = with_silence(sung(200, 5.0), 60.0, 45.0)
    reply = speech(ask(**PLAIN, source_audio=base64_of(source), voice="tone-female"))
    heard = audio(reply)
    assert reply.duration_sec == pytest.approx(110.0, abs=0.01)
    assert not heard.samples[: 10 * heard.sample_rate].any()
    assert np.abs(heard.samples[61 * heard.sample_rate : 64 * heard.sample_rate]).max() > 0.05


@pytest.mark.parametrize(
    ("fields", "code", "field", "words"),
    [
        ({}, "invalid_request", "voice", "whose voice"),
        ({"voice": "tone-female", "reference_audio": SOURCE}, "invalid_request", "voice", "one voice"),
        ({"profile": "creole-narrator", "voice_embedding": "AA"}, "invalid_request", "profile", "one voice"),
        ({"reference_audio": SOURCE, "voice_embedding": "AA"}, "invalid_request", "reference_audio", "either"),
        ({"voice": "nobody"}, "unknown_voice", "voice", "no voice or profile"),
        ({"voice": "sarah"}, "unsupported_voice", "voice", "it speaks tone-female"),
        ({"profile": "creole-narrator"}, "unsupported_voice", "profile", "it speaks tone-female"),
        ({"voice": "tone-female", "engine": "espeak"}, "unsupported_job", "engine", "tone does"),
        ({"voice": "tone-female", "text": "hi"}, "invalid_request", "text", "belongs to synthesis, cloning"),
        ({"voice": "tone-female", "captions": "srt"}, "invalid_request", "captions", "leave it out"),
        ({"voice": "tone-female", "source_audio": None}, "invalid_request", "source_audio", "required"),
        ({"voice": "tone-female", "source_audio": ""}, "invalid_request", "source_audio", "at least 1"),
        ({"voice": "tone-female", "source_audio": "me.wav"}, "invalid_request", "source_audio", "base64"),
        ({"voice": "tone-female", "source_audio": "https://10.0.0.1/a"}, "url_not_allowed", "source_audio", ""),
        ({"voice": "tone-female", "source_audio": base64_of(b"RIFF")}, "invalid_audio", "source_audio", "WAV"),
        (
            {"voice": "tone-female", "source_audio": base64_of(sung(200, level=0.0))},
            "invalid_audio",
            "source_audio",
            "silent",
        ),
        ({"reference_audio": base64_of(sung(200, 0.5))}, "invalid_reference", "reference_audio", "0.5 s"),
    ],
)
def test_what_cannot_be_converted_is_a_typed_error(
    ask: Caller, fields: dict[str, object], code: str, field: str, words: str
) -> None:
    error = refusal(ask(**{**PLAIN, "source_audio": SOURCE, **fields})).error
    assert (error.code, error.field, error.retryable) == (code, field, False)
    assert words in error.message


def test_a_worker_without_a_converting_engine_says_what_to_load(worker: Worker) -> None:
    ask = Caller(Service(replace(fresh(worker), engines=Engines([worker.engines["espeak"]]))))
    for target in ({"voice": "sarah"}, {"reference_audio": SOURCE}):
        error = refusal(ask(**PLAIN, source_audio=SOURCE, **target)).error
        assert (error.code, error.field) == ("unsupported_job", "engine")
        assert "TTS_ENGINES=chatterbox,espeak" in error.message


def test_a_source_over_the_workers_limit_is_refused_before_it_is_said(worker: Worker) -> None:
    ask = Caller(Service(fresh(worker, max_audio_sec=3.0)))
    error = refusal(ask(**PLAIN, source_audio=SOURCE, voice="tone-female")).error
    assert (error.code, error.field) == ("audio_too_long", "source_audio")


def test_a_source_that_could_be_better_is_said_and_the_reply_says_so(ask: Caller) -> None:
    reply = speech(ask(**PLAIN, source_audio=base64_of(sung(200, 4.0, 8000)), voice="tone-female"))
    assert reply.warnings == (
        "source_audio: the recording has a sample rate of 8000 Hz and will sound dull; record at 24000 Hz or more",
    )
