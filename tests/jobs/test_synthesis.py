"""The synthesis job through the service, with real engines and encoders."""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from tests.conftest import Caller, fresh
from worker.audio.clip import Clip
from worker.audio.formats import FORMATS
from worker.delivery.choose import OpenSink, deliveries
from worker.engines.base import Take, Utterance, Verdict
from worker.engines.registry import Engines
from worker.engines.tone import ToneEngine
from worker.errors import Cancelled, DeliveryFailed
from worker.jobs.context import Job, Worker
from worker.reply import Destination, ErrorReply, Reply, SpeechReply
from worker.service import Service

TEXT = "Hello there. This is a second sentence, with a few more words in it!"


def speech(reply: Reply) -> SpeechReply:
    assert isinstance(reply, SpeechReply), reply
    return reply


def refusal(reply: Reply) -> ErrorReply:
    assert isinstance(reply, ErrorReply), reply
    return reply


def samples(reply: Reply) -> tuple[np.ndarray, int]:
    audio = base64.b64decode(speech(reply).audio_base64 or "")
    assert len(audio) == speech(reply).size_bytes
    return soundfile.read(io.BytesIO(audio), dtype="float32")


def test_the_reply_says_everything_about_the_recording(ask: Caller) -> None:
    reply = speech(ask(text=TEXT, voice="sarah", response_format="wav", seed=42, chunk_size=60))
    audio, rate = samples(reply)
    assert (reply.format, reply.content_type, reply.sample_rate) == ("wav", "audio/wav", rate)
    assert reply.duration_sec == pytest.approx(len(audio) / rate, abs=0.001)
    assert (reply.engine, reply.voice, reply.language, reply.seed) == ("espeak", "sarah", "en-US", 42)
    assert not reply.degraded
    assert reply.warnings == ()
    assert [TEXT[each.start : each.end].strip() for each in reply.utterances] == [
        "Hello there.",
        "This is a second sentence, with a few more words in it!",
    ]
    first, second = reply.utterances
    assert 0 <= first.start_sec < first.end_sec < second.start_sec < second.end_sec
    assert second.end_sec == pytest.approx(reply.duration_sec, abs=0.002)
    assert first.seed != second.seed
    metrics = reply.metrics
    assert metrics.synth_sec > 0
    assert metrics.encode_sec > 0
    assert metrics.load_sec > 0
    assert metrics.rtf == pytest.approx((metrics.synth_sec + metrics.encode_sec) / reply.duration_sec, abs=0.002)


@pytest.mark.parametrize("name", list(FORMATS))
@pytest.mark.parametrize("sample_rate", [None, 8000, 16_000, 48_000])
def test_every_format_and_rate_is_delivered_and_readable(ask: Caller, name: str, sample_rate: int | None) -> None:
    reply = speech(ask(text="Short and sweet.", response_format=name, sample_rate=sample_rate))
    assert reply.format == name
    if sample_rate:
        assert reply.sample_rate == sample_rate
    if name == "pcm":
        assert reply.size_bytes / 2 / reply.sample_rate == pytest.approx(reply.duration_sec, abs=0.001)
        return
    audio, rate = samples(reply)
    assert rate == reply.sample_rate
    assert len(audio) / rate == pytest.approx(reply.duration_sec, abs=0.1)  # mp3 pads its first and last frame
    assert np.sqrt(np.mean(audio**2)) > 0.01


def test_headerless_audio_has_the_rate_clients_assume(ask: Caller) -> None:
    assert speech(ask(text="hi there", response_format="pcm")).sample_rate == 24_000


def test_a_rate_the_format_lacks_is_moved_and_the_reply_says_so(ask: Caller) -> None:
    reply = speech(ask(text="hi there", response_format="opus", sample_rate=22_050))
    assert reply.sample_rate == 24_000
    assert reply.warnings == ("opus has no 22050 Hz; 24000 Hz was used",)


def test_the_same_seed_gives_the_same_audio_and_a_random_one_is_returned(ask: Caller) -> None:
    request = {"text": TEXT, "response_format": "wav", "voice": "sarah"}
    drawn = speech(ask("first", **request))
    assert drawn.seed > 0
    again = speech(ask(**request, seed=drawn.seed))
    assert again.audio_base64 == drawn.audio_base64
    assert speech(ask(**request, seed=drawn.seed + 1)).audio_base64 != drawn.audio_base64


@pytest.mark.parametrize("seed", [None, 0, -1])
def test_no_seed_draws_one_for_the_job_and_the_same_if_it_is_delivered_twice(ask: Caller, seed: int | None) -> None:
    request = {"text": "hi there", "seed": seed, "response_format": "wav"}
    first, again, other = (speech(ask(job_id, **request)) for job_id in ("job-1", "job-1", "job-2"))
    assert first.audio_base64 == again.audio_base64
    assert first.seed != other.seed


@pytest.mark.parametrize("speed", [0.25, 0.5, 2.0, 4.0])
def test_speed_is_met_within_and_beyond_the_engines_own_range(ask: Caller, speed: float) -> None:
    normal, changed = (
        speech(ask(text="One two three four five six seven eight nine ten.", speed=each)).duration_sec
        for each in (1.0, speed)
    )
    assert normal / changed == pytest.approx(speed, rel=0.2)  # espeak-ng's rate is nominal


def test_a_profile_is_its_voice_with_effects(ask: Caller) -> None:
    plain = speech(ask(text="Bonjou tout moun.", voice="kreyol", response_format="wav", seed=1))
    deep = speech(ask(text="Bonjou tout moun.", profile="creole-male-deep", response_format="wav", seed=1))
    assert (deep.voice, deep.language) == ("creole-male-deep", "ht")
    assert deep.duration_sec == pytest.approx(plain.duration_sec / 0.95, rel=0.1)
    assert deep.audio_base64 != plain.audio_base64


def test_effects_of_the_request_replace_the_profiles_one_by_one(ask: Caller) -> None:
    request = {"text": "Bonjou.", "response_format": "wav", "seed": 1}
    narrator = speech(ask(**request, profile="creole-narrator"))
    dry = speech(ask(**request, profile="creole-narrator", effects={"reverb": 0}))
    assert dry.duration_sec < narrator.duration_sec  # a hall rings on


def test_pauses_are_heard_where_the_tags_stand(ask: Caller) -> None:
    reply = speech(ask(text="One. [pause:1.5s] Two.", response_format="wav"))
    first, second = reply.utterances
    assert second.start_sec - first.end_sec == pytest.approx(1.5, abs=0.001)
    audio, rate = samples(reply)
    gap = audio[round((first.end_sec + 0.01) * rate) : round((second.start_sec - 0.01) * rate)]
    assert np.abs(gap).max() == 0


def test_captions_follow_the_audio(ask: Caller) -> None:
    reply = speech(ask(text=TEXT, captions="json", chunk_size=60))
    cues = json.loads(reply.captions or "")
    assert [cue["text"] for cue in cues] == [
        "Hello there.",
        "This is a second sentence, with a few more words in it!",
    ]
    for cue, utterance in zip(cues, reply.utterances, strict=True):
        assert (cue["start_sec"], cue["end_sec"]) == (utterance.start_sec, utterance.end_sec)
        times = [word["start_sec"] for word in cue["words"]]
        assert times == sorted(times)
        assert cue["start_sec"] <= times[0] <= times[-1] <= cue["end_sec"]
    srt = speech(ask(text=TEXT, captions="srt")).captions or ""
    assert srt.startswith("1\n00:00:00,000 --> ")
    assert (speech(ask(text=TEXT, captions="vtt")).captions or "").startswith("WEBVTT\n\n00:00:00.000 --> ")


def test_a_language_alone_finds_a_voice(ask: Caller) -> None:
    assert speech(ask(text="Bonjour.", language="fr")).voice == "lea"
    assert speech(ask(text="Grüezi.", language="de-AT")).voice == "hans"
    assert speech(ask(text="Jambo.", language="sw")).voice == "espeak-sw"


def test_an_engine_alone_finds_a_voice_it_can_speak(ask: Caller) -> None:
    reply = speech(ask(text="hello", engine="tone"))
    assert (reply.engine, reply.voice) == ("tone", "tone-female")


def test_an_openai_request_just_works(ask: Caller) -> None:
    reply = speech(ask(input="Hello.", voice="onyx", model="tts-1", speed=1.0))
    assert reply.format == "mp3"


def test_what_an_engine_does_not_honour_is_a_warning_or_in_a_strict_request_an_error(ask: Caller) -> None:
    assert speech(ask(text="hi", temperature=0.5)).warnings == (
        "the engine 'espeak' does not honour 'temperature'; it was left out",
    )
    error = refusal(ask(text="hi", temperature=0.5, strict=True)).error
    assert (error.code, error.field) == ("unsupported_parameter", "temperature")
    assert "it honours: pitch, pitch_range, word_gap" in error.message


def test_characters_the_engine_cannot_read_are_a_warning(ask: Caller) -> None:
    (warning,) = speech(ask(text="日本 です", voice="yuki")).warnings
    assert "cannot read 2 of the characters in 'ja-JP'" in warning


@pytest.mark.parametrize(
    ("fields", "code", "field", "message"),
    [
        ({"text": ""}, "empty_text", "text", ""),
        ({"text": " \n\t "}, "empty_text", "text", ""),
        ({"text": "😀 … !"}, "empty_text", "text", ""),
        ({"text": "x" * 50_001}, "text_too_long", "text", "50001 characters"),
        ({"text": "hi", "voice": "sara"}, "unknown_voice", "voice", "did you mean 'sarah'"),
        ({"text": "hi", "profile": "sarah"}, "unknown_voice", "profile", "send it as 'voice'"),
        ({"text": "hi", "profile": "creole-narrator", "voice": "sarah"}, "invalid_request", "profile", "either"),
        ({"text": "hi", "engine": "espek"}, "unknown_engine", "engine", "did you mean 'espeak'"),
        ({"text": "hi", "engine": "tone", "voice": "sarah"}, "unsupported_voice", "voice", "it speaks tone-female"),
        ({"text": "hi", "language": "xx"}, "unsupported_language", "language", "it speaks af, am"),
        ({"text": "hi [pause:1h]"}, "invalid_request", "text", "pause"),
        ({"text": "hi [pause:999s]"}, "invalid_request", "text", "60"),
        ({"text": "hi", "delivery": "volume"}, "delivery_unavailable", "delivery", "TTS_VOLUME_DIR"),
    ],
)
def test_bad_requests_are_typed_errors(
    ask: Caller, fields: dict[str, object], code: str, field: str, message: str
) -> None:
    error = refusal(ask(**fields)).error
    assert (error.code, error.field, error.retryable) == (code, field, False)
    assert message in error.message


def test_audio_over_the_workers_limit_is_refused(worker: Worker) -> None:
    short = Service(fresh(worker, max_audio_sec=2.0))
    error = refusal(short.run(Job(id="x"), {"text": "hello. " * 50})).error
    assert error.code == "audio_too_long"
    assert "2.0 s" in error.message


def test_audio_too_large_for_the_platform_is_refused_with_both_numbers(ask: Caller) -> None:
    text = "A sentence of some length that is said again and again. " * 80
    error = refusal(ask(text=text, response_format="wav", sample_rate=48_000)).error
    assert error.code == "payload_too_large"
    assert "9995904" in error.message
    assert speech(ask("sync-1", text=text, response_format="wav", sample_rate=24_000)).audio_base64


def test_a_volume_takes_what_the_reply_cannot_carry(worker: Worker, tmp_path: Path) -> None:
    service = Service(fresh(worker, volume_dir=tmp_path))
    text = "A sentence of some length that is said again and again. " * 80
    request = {"text": text, "response_format": "wav", "sample_rate": 48_000}
    reply = speech(service.run(Job(id="x"), request))
    assert reply.audio_base64 is None
    assert soundfile.info(reply.audio_path).duration == pytest.approx(reply.duration_sec, abs=0.01)


def test_a_cancelled_job_ends_with_a_typed_error(service: Service) -> None:
    job = Job(id="x")
    job.cancellation.cancel()
    error = refusal(service.run(job, {"text": "hello"})).error
    assert (error.code, error.retryable) == ("cancelled", True)


def test_a_smaller_format_is_taken_where_the_caller_allows_it(ask: Caller) -> None:
    text = "A sentence of some length that is said again and again. " * 80
    reply = speech(ask(text=text, response_format="wav", sample_rate=48_000, allow_downgrade=True))
    assert (reply.format, reply.content_type) == ("mp3", "audio/mpeg")
    assert reply.warnings == ("wav would be too large for the reply; mp3 was used",)
    samples(reply)


def test_the_next_way_is_taken_where_a_store_fails_and_the_reply_says_so(
    worker: Worker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Broken:
        def seek(self, offset: int, /) -> int:
            return offset

        def write(self, _data: bytes, /) -> int:
            raise DeliveryFailed("the store is gone")

        def finish(self, *, rest_bytes: int) -> Destination:
            raise AssertionError(rest_bytes)

        def abort(self) -> None:
            pass

    def ways(*arguments: Any, **keywords: Any) -> list[OpenSink]:
        return [Broken, *deliveries(*arguments, **keywords)]

    monkeypatch.setattr("worker.jobs.recording.deliveries", ways)
    plain = speech(Service(worker).run(Job(id="x"), {"text": TEXT, "response_format": "wav", "delivery": "inline"}))
    assert plain.warnings == ("the store is gone; delivered another way",)
    assert len(samples(plain)[0])


class Streamed:
    """What came over a stream."""

    def __init__(self, service: Service, job: Job, **fields: object) -> None:
        answers = list(service.stream(job, fields))
        self.pieces = [answer for answer in answers if isinstance(answer, bytes)]
        (self.reply,) = (answer for answer in answers if not isinstance(answer, bytes))
        assert answers[-1] is self.reply

    @property
    def audio(self) -> tuple[np.ndarray, int]:
        return soundfile.read(io.BytesIO(b"".join(self.pieces)), dtype="float32")


@pytest.mark.parametrize("name", ["wav", "mp3", "ogg", "opus", "pcm"])
def test_a_stream_brings_the_audio_of_the_whole_file(service: Service, name: str) -> None:
    request = {"text": TEXT * 3, "response_format": name, "seed": 3, "chunk_size": 60}
    streamed = Streamed(service, Job(id="x"), **request, stream=True)
    whole = speech(service.run(Job(id="x"), request))
    reply = speech(streamed.reply)
    assert len(streamed.pieces) > 3
    assert reply.audio_base64 is None
    assert reply.size_bytes == sum(map(len, streamed.pieces))
    assert (reply.duration_sec, reply.utterances) == (whole.duration_sec, whole.utterances)
    if name == "pcm":
        assert b"".join(streamed.pieces) == base64.b64decode(whole.audio_base64 or "")
    elif name == "mp3":  # without the index of a file, decoders hear its first frame and its padding
        assert len(streamed.audio[0]) == pytest.approx(len(samples(whole)[0]), abs=4 * 1152)
    else:
        assert np.array_equal(streamed.audio[0], samples(whole)[0])


def test_a_request_that_does_not_stream_gets_its_one_reply_on_a_stream_too(service: Service) -> None:
    streamed = Streamed(service, Job(id="x"), text=TEXT, response_format="wav")
    assert streamed.pieces == []
    assert len(samples(streamed.reply)[0])


def test_a_stream_that_cannot_begin_is_one_error(service: Service) -> None:
    streamed = Streamed(service, Job(id="x"), text="hi", stream=True, voice="nobody at all")
    assert streamed.pieces == []
    assert refusal(streamed.reply).error.code == "unknown_voice"


def test_a_stream_closed_early_cancels_its_job(worker: Worker) -> None:
    service = Service(fresh(worker))
    job = Job(id="x")
    answers = service.stream(job, {"text": TEXT * 50, "stream": True, "response_format": "pcm"})
    next(answers)
    answers.close()  # type: ignore[attr-defined]
    assert service.worker.tally.outcomes == {"cancelled": 1}
    with pytest.raises(Cancelled):
        job.cancellation.stop_if_cancelled()


def test_a_stream_that_is_to_be_stored_is_refused(service: Service) -> None:
    streamed = Streamed(service, Job(id="x"), text="hi", stream=True, delivery="s3")
    assert (refusal(streamed.reply).error.code, refusal(streamed.reply).error.field) == ("invalid_request", "delivery")


def test_a_stream_asked_of_a_worker_that_does_not_stream_is_a_warning_or_an_error(ask: Caller) -> None:
    assert "'stream' was not honoured" in speech(ask(text="hi there", stream=True)).warnings[0]
    assert refusal(ask(text="hi there", stream=True, strict=True)).error.code == "unsupported_parameter"


def test_a_text_that_is_not_normalised_is_still_spoken_to_its_end(ask: Caller) -> None:
    whole, cut = (
        speech(ask(text=text, normalize=False, seed=1)).duration_sec
        for text in ("one two three four", "one\0two three four")
    )
    assert cut == pytest.approx(whole, rel=0.3)


def test_normalising_can_be_left_out(ask: Caller) -> None:
    spelt, plain = (speech(ask(text="12 km", normalize=choice, captions="json")) for choice in (True, False))
    words = [
        [word["text"] for cue in json.loads(reply.captions or "") for word in cue["words"]] for reply in (spelt, plain)
    ]
    assert words[0] == ["twelve", "kilometers"]
    assert words[1][0] == "12"


def test_a_recording_that_fails_half_way_leaves_nothing_on_the_volume(worker: Worker, tmp_path: Path) -> None:
    service = Service(fresh(worker, volume_dir=tmp_path, max_audio_sec=2.0))
    assert (
        refusal(service.run(Job(id="x"), {"text": "hello. " * 50, "delivery": "volume"})).error.code == "audio_too_long"
    )
    assert list(tmp_path.iterdir()) == []


class Breathless(ToneEngine):
    """The tone engine, which stops where an utterance is long."""

    def submit(self, utterance: Utterance) -> Take:
        return CutShort(super().submit(utterance), longest_words=4)


class CutShort:
    """A take that ends after some clips, and says so."""

    def __init__(self, take: Take, longest_words: int) -> None:
        self._take, self._longest = take, longest_words
        self._ends_early = False
        self.cancel = take.cancel

    def __iter__(self) -> Iterator[Clip]:
        for index, clip in enumerate(self._take):
            if index == self._longest:
                self._ends_early = True
                return
            yield clip

    @property
    def verdict(self) -> Verdict:
        return replace(self._take.verdict, end="token_limit" if self._ends_early else "complete")


@pytest.mark.parametrize("strict", [False, True])
def test_an_utterance_that_reached_the_engines_limit_is_a_warning_that_says_which(worker: Worker, strict: bool) -> None:
    ask = Caller(Service(replace(fresh(worker), engines=Engines([Breathless()]))))
    text = "A short one.\n\nA sentence that is a bit longer.\n\nAgain short."
    reply = speech(ask(text=text, chunk_size=50, voice="tone-male", response_format="wav", strict=strict))
    assert [each.verdict for each in reply.utterances] == ["ok", "token_limit", "ok"]
    start, end = reply.utterances[1].start, reply.utterances[1].end
    (warning,) = reply.warnings
    assert warning == (
        f"utterance 1, characters {start} to {end}, reached the longest audio the engine makes at once and may be cut "
        "short: send a smaller chunk_size"
    )
