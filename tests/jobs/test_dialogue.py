"""The dialogue job through the service: who is heard when, and that nobody's part is another's business."""

from __future__ import annotations

import base64
import json
import re
import tracemalloc
from typing import Any

import numpy as np
import pytest

from tests.conftest import Caller, fresh
from tests.jobs.speakers import MONOTONE, audio, refusal, speech
from worker.audio.clip import Clip, Samples
from worker.audio.pitch import pitch_hz
from worker.jobs.context import Job, Worker
from worker.jobs.rehearsal import NATURAL_GAP_SEC
from worker.reply import ErrorReply, SpeechReply
from worker.service import Service

ANNA: dict[str, Any] = {"text": "Good morning, how are you?", "voice": "sarah", "speaker": "Anna"}
HANS: dict[str, Any] = {"text": "Danke, sehr gut.", "voice": "hans"}
LOW: dict[str, Any] = {"text": MONOTONE, "voice": "tone-male"}
HIGH: dict[str, Any] = {"text": MONOTONE, "voice": "tone-female"}


class Dialogues:
    """Asks for dialogues, as WAV and with one seed unless told otherwise."""

    def __init__(self, ask: Caller) -> None:
        self._ask = ask

    def __call__(self, *segments: dict[str, Any], **fields: object) -> SpeechReply:
        return speech(self._ask(**self.fields(*segments, **fields)))

    def refused(self, *segments: dict[str, Any], **fields: object) -> ErrorReply:
        return refusal(self._ask(**self.fields(*segments, **fields)))

    @staticmethod
    def fields(*segments: dict[str, Any], **fields: object) -> dict[str, object]:
        return {"type": "dialogue", "segments": list(segments), "response_format": "wav", "seed": 7, **fields}


@pytest.fixture
def talk(ask: Caller) -> Dialogues:
    return Dialogues(ask)


def turns(reply: SpeechReply) -> list[Clip]:
    """The sound of each utterance."""
    whole = audio(reply)
    rate = whole.sample_rate
    return [
        Clip(samples=whole.samples[round(each.start_sec * rate) : round(each.end_sec * rate)], sample_rate=rate)
        for each in reply.utterances
    ]


def silence(duration_sec: float, rate: int) -> Samples:
    return np.zeros(round(duration_sec * rate), dtype=np.float32)


def loudness(clip: Clip) -> float:
    return float(20 * np.log10(np.sqrt(np.mean(clip.samples**2))))


def test_each_turn_is_heard_in_the_voice_of_its_speaker(talk: Dialogues) -> None:
    reply = talk(HIGH, LOW, HIGH)
    assert [float(np.nanmedian(pitch_hz(turn))) for turn in turns(reply)] == pytest.approx([330, 220, 330], rel=0.02)
    woman, man = (
        np.nanmedian(pitch_hz(turn)) for turn in turns(talk(ANNA, ANNA | {"voice": "hans", "language": "en"}))
    )
    assert woman > 1.3 * man


def test_the_reply_says_who_says_what_in_which_segment(talk: Dialogues) -> None:
    long = {"text": "One sentence is here. Another sentence follows it, and it is longer.", "voice": "sarah"}
    reply = talk(long, HANS | {"speaker": "The Doctor"}, LOW, chunk_size=50)
    assert [(each.segment, each.speaker) for each in reply.utterances] == [
        (0, "Sarah"),
        (0, "Sarah"),
        (1, "The Doctor"),
        (2, "Tone male"),
    ]
    texts = (long["text"], HANS["text"], LOW["text"])
    said = [texts[each.segment or 0][each.start : each.end] for each in reply.utterances]
    assert "".join(said) == "".join(texts)
    assert [each.engine for each in reply.utterances] == ["espeak", "espeak", "espeak", "tone"]
    assert (reply.engine, reply.voice, reply.language) == ("espeak, tone", "sarah, hans, tone-male", "en-US, de-AT, en")
    assert not reply.degraded
    times = [moment for each in reply.utterances for moment in (each.start_sec, each.end_sec)]
    assert times == sorted(times)
    assert reply.duration_sec == pytest.approx(times[-1], abs=0.002)


def test_the_recording_is_its_segments_in_order_with_gaps_exact_to_the_sample(talk: Dialogues) -> None:
    segments = (ANNA, HANS | {"gap_sec": 1.23456}, ANNA | {"text": "Fine.", "gap_sec": 0}, HANS | {"text": "Gut!"})
    first, second, third, fourth = (audio(talk(each | {"gap_sec": 0})).samples for each in segments)
    whole = audio(talk(*segments))
    rate = whole.sample_rate
    expected = (first, silence(1.23456, rate), second, third, silence(NATURAL_GAP_SEC, rate), fourth)
    assert len(whole.samples) == sum(map(len, expected))
    begin = 0
    for part in expected:
        heard, begin = whole.samples[begin : begin + len(part)], begin + len(part)
        if part.any():  # at a level that fits what the speaker said before
            assert np.corrcoef(heard, part)[0, 1] > 0.999
        else:
            assert not heard.any()


def test_engines_of_several_rates_share_the_highest(talk: Dialogues) -> None:
    low, both = talk(LOW), talk(LOW, ANNA | {"gap_sec": 0.5}, LOW)
    assert (low.sample_rate, both.sample_rate) == (16_000, 22_050)
    alone, among = turns(low)[0], turns(both)[0]
    assert among.duration_sec == pytest.approx(alone.duration_sec, abs=0.001)
    middle, espeak = turns(both)[1], turns(talk(ANNA))[0]
    assert np.abs(np.fft.rfft(middle.samples))[-1000:].mean() == pytest.approx(
        np.abs(np.fft.rfft(espeak.samples))[-1000:].mean(), rel=0.1
    )  # what lies above the lower rate's reach
    start, end = (round(moment * 22_050) for moment in (both.utterances[0].end_sec, both.utterances[1].start_sec))
    assert end - start == pytest.approx(0.5 * 22_050, abs=23)  # the reply rounds to milliseconds
    assert not audio(both).samples[start + 200 : end - 23].any()


def test_pause_tags_take_the_place_of_the_natural_gap_and_add_to_one_asked_for(talk: Dialogues) -> None:
    def gap_sec(first: str, second: str, **fields: object) -> float:
        before, after = talk(ANNA | {"text": first}, HANS | {"text": second, **fields}).utterances
        return after.start_sec - before.end_sec

    assert gap_sec("One.", "Zwei.") == pytest.approx(NATURAL_GAP_SEC, abs=0.001)
    assert gap_sec("One. [pause:100ms]", "Zwei.") == pytest.approx(NATURAL_GAP_SEC, abs=0.001)
    assert gap_sec("One. [pause:1s]", "[pause:500ms] Zwei.") == pytest.approx(1.5, abs=0.001)
    assert gap_sec("One. [pause:1s]", "[pause:500ms] Zwei.", gap_sec=0.25) == pytest.approx(1.75, abs=0.001)


def test_nothing_is_before_the_first_segment_unless_it_is_asked_for(talk: Dialogues) -> None:
    assert talk(ANNA).utterances[0].start_sec == 0
    assert talk(ANNA | {"gap_sec": 2}).utterances[0].start_sec == 2


def test_the_same_seed_gives_the_same_bytes(talk: Dialogues) -> None:
    first, again, other = talk(ANNA, LOW), talk(ANNA, LOW), talk(ANNA, LOW, seed=8)
    assert first.audio_base64 == again.audio_base64
    assert first.audio_base64 != other.audio_base64
    assert first.seed == 7


def test_a_segment_that_changes_changes_its_own_sound_alone(talk: Dialogues) -> None:
    def around(reply: SpeechReply) -> tuple[Samples, Samples]:
        samples, rate = audio(reply).samples, reply.sample_rate
        _, middle, last = reply.utterances
        return samples[: round((middle.start_sec - 0.1) * rate)], samples[
            -round((last.end_sec - last.start_sec) * rate) :
        ]

    before, after = around(talk(HIGH, LOW, HIGH | {"text": "lll lllll"}))
    for changed in (
        {"text": "llllll llll l llll"},
        {"text": "lll lllll"},
        {"voice": "tone-neutral"},
        {"effects": {"pitch_semitones": 3}},
    ):
        start, end = around(talk(HIGH, LOW | changed, HIGH | {"text": "lll lllll"}))
        assert np.array_equal(start, before)
        assert np.array_equal(end, after)


def test_effects_of_a_segment_are_heard_in_it_alone(talk: Dialogues) -> None:
    plain = turns(talk(LOW, HIGH))
    soft, other = turns(talk(LOW | {"effects": {"volume_db": -12}}, HIGH))
    assert loudness(soft) == pytest.approx(loudness(plain[0]) - 12, abs=0.1)
    assert np.array_equal(other.samples, plain[1].samples)
    raised, _ = turns(talk(LOW | {"effects": {"pitch_semitones": 12}}, HIGH))
    assert float(np.nanmedian(pitch_hz(raised))) == pytest.approx(440, rel=0.03)


def test_a_rooms_echo_rings_on_under_the_next_speaker_and_takes_no_time(talk: Dialogues) -> None:
    gap = {"gap_sec": 0.5}
    dry, wet = talk(LOW, HIGH | gap), talk(LOW | {"effects": {"reverb": 1}}, HIGH | gap)
    assert [each.start_sec for each in wet.utterances] == [each.start_sec for each in dry.utterances]
    assert wet.duration_sec == dry.duration_sec
    assert not audio(dry).samples[round((dry.utterances[0].end_sec + 0.1) * 16_000) :][:4000].any()
    assert audio(wet).samples[round((dry.utterances[0].end_sec + 0.1) * 16_000) :][:4000].any()
    last = talk(LOW, HIGH | gap | {"effects": {"reverb": 1}})
    assert last.duration_sec > last.utterances[-1].end_sec + 1  # where nobody follows, it rings out
    assert np.abs(audio(wet).samples).max() <= 10 ** (-1 / 20) + 1e-4


def test_what_a_segment_leaves_out_is_as_the_dialogue_has_it(talk: Dialogues) -> None:
    text = {"text": "Bonjour tout le monde."}
    shared = talk(text, text | {"voice": "hans", "language": "de"}, voice="lea", speed=2.0, captions="json")
    assert shared.voice == "lea, hans"
    assert shared.language == "fr-FR, de"
    explicit = talk(text | {"voice": "lea", "speed": 2.0}, text | {"voice": "hans", "language": "de", "speed": 2.0})
    assert shared.audio_base64 == explicit.audio_base64
    slower = talk(text | {"speed": 1.0}, text | {"voice": "hans", "language": "de"}, voice="lea", speed=2.0)
    assert slower.utterances[0].end_sec > 1.5 * shared.utterances[0].end_sec
    loud = {"effects": {"volume_db": -6, "reverb": 0.5}}
    merged = talk(text | {"effects": {"reverb": 0}}, voice="lea", **loud)
    assert merged.audio_base64 == talk(text | {"voice": "lea", "effects": {"volume_db": -6, "reverb": 0}}).audio_base64
    assert talk(text | {"voice": "lea"}, profile="creole-narrator").voice == "lea"
    assert talk(text | {"profile": "creole-narrator"}, voice="lea").voice == "creole-narrator"


@pytest.mark.parametrize("form", ["srt", "vtt", "json"])
def test_captions_say_who_speaks(talk: Dialogues, form: str) -> None:
    reply = talk(ANNA, HANS | {"text": "Ja & <nein>.", "speaker": "Dr. <Hans>"}, captions=form)
    text = reply.captions or ""
    if form == "srt":
        assert [block.split("\n")[2] for block in text.strip().split("\n\n")] == [
            "Anna: Good morning, how are you?",
            "Dr. <Hans>: Ja & <nein>.",
        ]
    elif form == "vtt":
        assert re.findall(r"^<v ([^<>]+)>([^<>\n]*)$", text, re.MULTILINE) == [
            ("Anna", "Good morning, how are you?"),
            ("Dr. &lt;Hans&gt;", "Ja &amp; &lt;nein&gt;."),
        ]
    else:
        cues = json.loads(text)
        assert [cue["speaker"] for cue in cues] == ["Anna", "Dr. <Hans>"]
        for cue, utterance in zip(cues, reply.utterances, strict=True):
            words = [word["start_sec"] for word in cue["words"]]
            assert utterance.start_sec <= words[0] <= words[-1] <= utterance.end_sec


@pytest.mark.parametrize(
    ("segment", "code", "field", "message"),
    [
        ({"text": "x", "voice": "sarha"}, "unknown_voice", "segments.1.voice", "'segments.1': .*did you mean 'sarah'"),
        ({"text": "x", "profile": "nobody"}, "unknown_voice", "segments.1.profile", "no voice or profile"),
        (
            {"text": "x", "voice": "sarah", "profile": "creole-narrator"},
            "invalid_request",
            "segments.1.profile",
            "either",
        ),
        ({"text": "x", "engine": "espaek"}, "unknown_engine", "segments.1.engine", "did you mean 'espeak'"),
        ({"text": "x", "voice": "tone-male", "language": "ja"}, "unsupported_language", "segments.1.language", "speak"),
        ({"text": "x", "voice": "sarah", "engine": "tone"}, "unsupported_voice", "segments.1.voice", "realisation"),
        ({"text": "x", "temperature": 1.0}, "unsupported_parameter", "segments.1.temperature", "honours"),
        ({"text": " ... "}, "empty_text", "segments.1.text", "nothing to speak"),
        ({"text": "x [pause:now]"}, "invalid_request", "segments.1.text", "pause tag"),
        ({"text": "x", "voise": "y"}, "invalid_request", "segments.1.voise", "did you mean 'voice'"),
    ],
)
def test_a_bad_segment_is_refused_by_its_path(
    talk: Dialogues, segment: dict[str, Any], code: str, field: str, message: str
) -> None:
    error = talk.refused(ANNA, segment, strict=True).error
    assert (error.code, error.field, error.retryable) == (code, field, False)
    assert re.search(message, error.message)


def test_the_length_of_a_dialogue_is_that_of_all_its_segments(worker: Worker) -> None:
    talk = Dialogues(Caller(Service(fresh(worker, max_text_chars=20))))
    error = talk.refused({"text": "x" * 11}, {"text": "y" * 10}).error
    assert (error.code, error.field) == ("text_too_long", "segments")
    assert "21 characters" in error.message
    error = talk.refused({"text": "a a"}, {"text": "a a"}, lexicon={"a": "b" * 5}).error
    assert (error.code, error.field) == ("text_too_long", "segments.1.lexicon")
    talk({"text": "x" * 10}, {"text": "y" * 10})


def test_a_warning_is_told_once_with_the_segments_it_is_about(talk: Dialogues) -> None:
    unheeded = "the engine 'espeak' does not honour 'temperature'; it was left out"
    odd = {**ANNA, "temperature": 0.5}
    assert talk(ANNA, odd, ANNA, odd).warnings == (f"{unheeded} (segments 1, 3)",)
    assert talk(odd, odd).warnings == (unheeded,)
    assert talk(ANNA, *[odd] * 8).warnings == (f"{unheeded} (segments 1, 2, 3, 4, 5 and 3 more)",)


@pytest.mark.parametrize("form", ["pcm", "mp3"])
def test_a_stream_has_the_bytes_of_the_whole(service: Service, form: str) -> None:
    fields = Dialogues.fields(ANNA, LOW, HANS, response_format=form, stream=True)
    *pieces, reply = service.stream(Job(id="test"), fields)
    assert isinstance(reply, SpeechReply)
    streamed = b"".join(piece for piece in pieces if isinstance(piece, bytes))
    assert len(pieces) > 2
    whole = speech(service.run(Job(id="test"), {**fields, "stream": False}))
    assert [each.segment for each in reply.utterances] == [0, 1, 2]
    assert reply.duration_sec == whole.duration_sec
    if form == "pcm":  # an MP3 that is not streamed has an index
        assert streamed == base64.b64decode(whole.audio_base64 or "")


def test_a_stream_that_nobody_reads_on_ends(service: Service) -> None:
    pieces = service.stream(Job(id="test"), Dialogues.fields(ANNA, LOW, HANS, response_format="pcm", stream=True))
    assert isinstance(next(pieces), bytes)
    pieces.close()


def test_memory_does_not_grow_with_the_segments(service: Service) -> None:
    def peak_bytes(count: int) -> int:
        segments = [LOW | {"gap_sec": 0.05}] * count
        pieces = service.stream(Job(id="test"), Dialogues.fields(*segments, response_format="pcm", stream=True))
        tracemalloc.start()
        try:
            *_, reply = (piece if not isinstance(piece, bytes) else None for piece in pieces)
            assert isinstance(reply, SpeechReply)
            assert len(reply.utterances) == count
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    few, many = peak_bytes(10), peak_bytes(100)
    assert many - few < 90 * 8192  # what is known of a segment; its sound would be 60 kB


def test_voice_tags_make_a_dialogue_of_a_text(ask: Caller, talk: Dialogues) -> None:
    text = "[voice:tone-female] lll lll. [voice:tone-male] lll lllll. [pause:1s]\n[voice:tone-female]lll"
    reply = speech(ask(text=text, voice_tags=True, response_format="wav", seed=7, captions="srt"))
    assert [float(np.nanmedian(pitch_hz(turn))) for turn in turns(reply)] == pytest.approx([330, 220, 330], rel=0.03)
    assert [(each.segment, each.speaker) for each in reply.utterances] == [
        (None, "Tone female"),
        (None, "Tone male"),
        (None, "Tone female"),
    ]
    said = [text[each.start : each.end].strip() for each in reply.utterances]
    assert said == ["lll lll.", "lll lllll. [pause:1s]", "lll"]
    assert "\nTone male: lll lllll." in (reply.captions or "")
    segments = talk({**HIGH, "text": "lll lll."}, {**LOW, "text": "lll lllll. [pause:1s]"}, {**HIGH, "text": "lll"})
    assert reply.audio_base64 == segments.audio_base64


def test_a_text_may_begin_with_the_voice_of_the_request_and_have_stretches_without_words(ask: Caller) -> None:
    text = "Hello. [voice:hans] [pause:2s] [voice:tone-male] lll"
    reply = speech(ask(text=text, voice="sarah", voice_tags=True))
    first, second = reply.utterances
    assert (reply.voice, first.speaker, second.speaker) == ("sarah, tone-male", "Sarah", "Tone male")
    assert second.start_sec - first.end_sec == pytest.approx(2, abs=0.001)


@pytest.mark.parametrize(
    ("text", "code", "message"),
    [
        ("[voice:sarha] Hello.", "unknown_voice", "did you mean 'sarah'"),
        ("[voice:] Hello.", "invalid_request", "voice tag"),
        ("[voice:sarah] ...", "empty_text", "nothing to speak"),
        ("[voice:sarah]", "empty_text", "nothing to speak"),
    ],
)
def test_bad_voice_tags_are_refused(ask: Caller, text: str, code: str, message: str) -> None:
    error = refusal(ask(text=text, voice_tags=True)).error
    assert (error.code, error.field) == (code, "text")
    assert message in error.message


def test_voice_tags_that_nobody_asked_for_are_a_warning_or_in_a_strict_request_an_error(ask: Caller) -> None:
    (warning,) = speech(ask(text="[voice:hans] Hello.", voice="sarah")).warnings
    assert "send 'voice_tags': true" in warning
    error = refusal(ask(text="[voice:hans] Hello.", strict=True)).error
    assert (error.code, error.field) == ("unsupported_parameter", "voice_tags")


def test_a_lexicon_says_words_as_the_caller_spells_them_and_shows_them_as_written(ask: Caller, talk: Dialogues) -> None:
    written, spelled = "See the GIF at RunPod.", "See the jif at run pod."
    lexicon = {"GIF": "jif", "RunPod": "run pod"}
    request = {"voice": "sarah", "response_format": "wav", "seed": 7, "captions": "json"}
    reply = speech(ask(text=written, lexicon=lexicon, **request))
    assert reply.audio_base64 == speech(ask(text=spelled, **request)).audio_base64
    (utterance,) = reply.utterances
    assert (written[utterance.start : utterance.end], utterance.speaker) == (written, None)
    (cue,) = json.loads(reply.captions or "")
    assert cue["text"] == written
    assert "speaker" not in cue
    assert "jif" in [word["text"].strip(" .") for word in cue["words"]]
    dialogue = talk({"text": written, "voice": "sarah"}, ANNA, lexicon=lexicon)
    assert dialogue.audio_base64 == talk({"text": spelled, "voice": "sarah"}, ANNA).audio_base64
    assert dialogue.utterances[0].end == len(written)
