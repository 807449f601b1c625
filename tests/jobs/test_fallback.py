"""Requests that name who takes over, through the service, with engines that are made to fail."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest

from tests.conftest import fresh
from tests.engines.faulty import HANG, Faulty, Plan, broken, only, sound, where
from tests.jobs.speakers import MONOTONE, base64_of, pitch, refusal, speech, sung
from voice_library.voice import Voice
from worker.cache.load import cache_of
from worker.engines.base import Take, Utterance
from worker.engines.registry import Engines
from worker.engines.tone import ToneEngine
from worker.errors import EngineFailed, EnginePoisoned, EngineUnavailable, OutOfMemory
from worker.jobs.context import Job, Worker
from worker.reply import Reply
from worker.service import Service
from worker.settings import Settings

TEXT = "First of all.\n\nThen comes this.\n\nAnd that is it."
TONE = [{"engine": "tone", "voice": "tone-male"}]


class Troupe:
    """A worker whose espeak fails as planned, by load, and whose tone engine works unless it is planned too."""

    def __init__(self, worker: Worker, *espeak: Plan, tone: Plan = sound) -> None:
        plans = list(espeak)

        def load() -> Faulty:
            if not plans:
                raise EngineUnavailable("it cannot be loaded anew")
            self.loaded.append(Faulty(worker.engines["espeak"], plans.pop(0)))
            return self.loaded[-1]

        self.loaded: list[Faulty] = []
        self.tone = Faulty(worker.engines["tone"], tone)
        engines = Engines([load(), self.tone], loads={"espeak": load})
        self.worker = replace(fresh(worker), engines=engines)
        self.service = Service(self.worker)

    def ask(self, job_id: str = "x", **fields: Any) -> Reply:
        asked = {
            "text": TEXT,
            "voice": "sarah",
            "engine": "espeak",
            "response_format": "wav",
            "chunk_size": 50,
            "seed": 1,
        }
        return self.service.run(Job(id=job_id), asked | fields)


class Other(ToneEngine):
    name = "other"


@pytest.fixture
def troupe(worker: Worker) -> Callable[..., Troupe]:
    def make(*espeak: Plan, tone: Plan = sound) -> Troupe:
        return Troupe(worker, *espeak, tone=tone)

    return make


Make = Callable[..., Troupe]


def test_nobody_takes_over_unless_the_request_says_so(troupe: Make) -> None:
    for fields in ({}, {"fallback": "none"}, {"fallback": []}, {"fallback": None}):
        here = troupe(broken(), sound)
        assert refusal(here.ask(**fields)).error.code == "engine_failed"
        assert (len(here.loaded), here.tone.given) == (1, [])


def test_a_broken_engine_is_replaced_and_the_reply_says_by_whom_and_why(troupe: Make) -> None:
    reply = speech(troupe(broken(), broken()).ask(fallback=TONE))
    assert reply.degraded
    assert (reply.engine, reply.voice) == ("espeak", "sarah")
    assert {(each.engine, each.voice, each.because) for each in reply.utterances} == {
        ("tone", "tone-male", ("engine_failed",))
    }
    assert reply.utterances[0].attempts == 3
    (warning,) = reply.warnings
    assert warning == (
        "3 utterances were asked of the engine 'espeak' in the voice 'sarah' and spoken by 'tone' in the voice "
        "'tone-male': engine_failed"
    )
    assert reply.sample_rate == 22_050


def test_a_fresh_load_that_cures_it_degrades_nothing_and_the_attempts_are_told(troupe: Make) -> None:
    here = troupe(only(1), sound)
    reply = speech(here.ask(fallback=TONE))
    assert not reply.degraded
    assert reply.warnings == ()
    assert [(each.engine, each.voice, each.attempts) for each in reply.utterances] == [
        ("espeak", None, 1),
        ("espeak", None, 2),
        ("espeak", None, 1),
    ]
    assert reply.audio_base64 == speech(troupe(sound).ask()).audio_base64
    here.worker.engines.close()
    assert [engine.closed for engine in here.loaded] == [1, 1]


def test_a_recording_that_needs_no_help_is_the_same_with_and_without_a_fallback(troupe: Make) -> None:
    plain, helped = (speech(troupe(sound).ask(**fields)) for fields in ({}, {"fallback": TONE}))
    assert plain.audio_base64 == helped.audio_base64
    assert not helped.degraded


def test_an_utterance_that_alone_fails_is_the_only_one_in_another_voice(troupe: Make) -> None:
    reply = speech(troupe(where("Then"), where("Then")).ask(fallback=TONE))
    assert [each.engine for each in reply.utterances] == ["espeak", "tone", "espeak"]
    assert [each.because for each in reply.utterances] == [None, ("engine_failed",), None]
    assert reply.degraded
    assert "1 utterance was asked" in reply.warnings[0]


def test_the_steps_are_tried_in_their_order(troupe: Make) -> None:
    here = troupe(lambda _, given: EngineFailed("planned") if given.voice.id == "sarah" else None, tone=broken())
    steps = [{"voice": "tone-female"}, {"engine": "espeak", "voice": "espeak-en"}, *TONE]
    reply = speech(here.ask(text="First of all.", fallback=steps))
    (said,) = reply.utterances
    assert (said.engine, said.voice, said.because) == (
        "espeak",
        "espeak-en",
        ("engine_failed", "engine_unavailable"),
    )


def test_where_all_fail_the_error_is_typed_and_names_them(troupe: Make) -> None:
    error = refusal(troupe(broken(), broken(), tone=broken(OutOfMemory)).ask(fallback=TONE)).error
    assert (error.code, error.retryable) == ("engine_failed", True)
    assert "'espeak' (engine_failed), 'tone' (out_of_memory)" in error.message


@pytest.mark.parametrize(
    ("steps", "code", "field"),
    [
        ([{"engine": "tone", "voice": "tone-male"}, {"voice": "nobody at all"}], "unknown_voice", "fallback.1.voice"),
        ([{"engine": "toen", "voice": "tone-male"}], "unknown_engine", "fallback.0.engine"),
        ([{"engine": "chatterbox"}], "unknown_engine", "fallback.0.engine"),
        ([{"engine": "espeak", "voice": "tone-male"}], "unsupported_voice", "fallback.0.voice"),
        ([{"engine": "tone"}], "unsupported_voice", "fallback.0.engine"),
        ([{"voice": "creole-male-deep"}], "unknown_voice", "fallback.0.voice"),
        ([{}], "invalid_request", "fallback.0"),
        ([{"engine": "tone", "voice": "tone-male", "pitch": 3}], "invalid_request", "fallback.0.pitch"),
        ([{"engine": "tone", "voice": "tone-male", "on": "never"}], "invalid_request", "fallback.0.on"),
        ([{"engine": "tone", "voice": "tone-male"}] * 6, "invalid_request", "fallback"),
        ("espeak", "invalid_request", "fallback"),
    ],
)
def test_a_step_that_cannot_be_used_is_refused_before_anything_is_said(
    troupe: Make, steps: object, code: str, field: str
) -> None:
    here = troupe(sound)
    error = refusal(here.ask(fallback=steps)).error
    assert (error.code, error.field) == (code, field)
    assert here.loaded[0].given == []


def test_a_step_in_a_language_its_engine_does_not_speak_is_refused(troupe: Make) -> None:
    error = refusal(troupe(sound).ask(language="ja", text="テスト", fallback=TONE)).error
    assert (error.code, error.field) == ("unsupported_language", "fallback.0.engine")


def test_what_an_understudy_does_not_honour_is_told_where_it_spoke_and_refused_where_the_request_is_strict(
    troupe: Make,
) -> None:
    asked = {"fallback": TONE, "options": {"pitch": 60}}
    told = "the engine 'tone' does not honour 'pitch'; it was left out"
    assert speech(troupe(sound).ask(**asked)).warnings == ()
    assert speech(troupe(broken(), broken()).ask(**asked)).warnings[1:] == (told,)
    error = refusal(troupe(sound).ask(**asked, strict=True)).error
    assert (error.code, error.field) == ("unsupported_parameter", "fallback.0.engine")
    assert speech(troupe(broken(), broken()).ask(fallback=TONE, strict=True)).degraded


def test_a_voice_alone_is_spoken_by_whichever_engine_can(troupe: Make) -> None:
    reply = speech(troupe(where("Then", fault=OutOfMemory("planned"))).ask(fallback=[{"voice": "tone-female"}]))
    assert [(each.engine, each.voice) for each in reply.utterances][1] == ("tone", "tone-female")
    other = speech(troupe(only(1)).ask(fallback=[{"voice": "espeak-en"}]))
    assert [(each.engine, each.voice) for each in other.utterances][1] == ("espeak", "espeak-en")
    assert other.degraded


def test_a_voice_alone_goes_to_an_engine_that_speaks_the_language(worker: Worker) -> None:
    class Universal(Other):
        def can_speak(self, _voice: Voice) -> bool:
            return True

    broken_espeak, german = Faulty(worker.engines["espeak"], broken()), Faulty(worker.engines["tone"])
    german.capabilities = replace(german.capabilities, languages=frozenset({"de"}))
    service = Service(replace(fresh(worker), engines=Engines([broken_espeak, german, Universal()])))
    asked = {"text": "hello", "voice": "sarah", "engine": "espeak", "fallback": [{"voice": "tone-male"}]}
    assert {each.engine for each in speech(service.run(Job(id="x"), asked)).utterances} == {"other"}


def test_an_engine_of_a_step_that_cannot_be_loaded_is_a_warning(worker: Worker) -> None:
    def load() -> Faulty:
        raise EngineUnavailable("no room for it")

    engines = Engines([worker.engines["espeak"]], loads={"tone": load})
    service = Service(replace(fresh(worker), engines=engines))
    asked = {"text": "hello", "voice": "sarah", "fallback": [{"engine": "tone"}]}
    assert speech(service.run(Job(id="x"), asked)).warnings == ("fallback.0 was left out: no room for it",)
    assert refusal(service.run(Job(id="x"), asked | {"strict": True})).error.code == "engine_unavailable"


@pytest.mark.parametrize("steps", [TONE, [{"voice": "espeak-en"}]])
def test_what_another_spoke_is_not_kept_for_those_who_ask_later(worker: Worker, steps: object) -> None:
    here = Troupe(worker, only(0, fault=OutOfMemory("planned")))
    cache = cache_of(Settings(cache_mb=50))
    service = Service(replace(here.worker, cache=cache))
    asked = {"text": "First of all.", "voice": "sarah", "engine": "espeak", "seed": 1, "fallback": steps}
    first, second, third = (speech(service.run(Job(id="x"), asked)) for _ in range(3))
    assert (first.degraded, second.degraded, third.degraded) == (True, False, False)
    assert (second.metrics.cache_hits, third.metrics.cache_hits) == (0, 1)
    cache.close()


def test_every_speaker_of_a_dialogue_has_understudies_of_their_own(troupe: Make) -> None:
    here = troupe(lambda _, given: EngineFailed("planned") if given.voice.id == "sarah" else None, sound)
    segments = [{"voice": "sarah", "text": "Who is there?"}, {"voice": "espeak-en", "text": "It is me."}] * 2
    asked = {"type": "dialogue", "segments": segments, "engine": "espeak", "response_format": "wav", "fallback": TONE}
    reply = speech(here.service.run(Job(id="x"), asked))
    assert not reply.degraded
    steadily = troupe(lambda _, given: OutOfMemory("planned") if given.voice.id == "sarah" else None)
    reply = speech(steadily.service.run(Job(id="x"), asked))
    assert [each.engine for each in reply.utterances] == ["tone", "espeak", "tone", "espeak"]
    assert "2 utterances were asked of the engine 'espeak' in the voice 'sarah'" in reply.warnings[0]


def test_a_long_text_job_falls_back_too(troupe: Make) -> None:
    asked = {
        "type": "long_text",
        "text": TEXT,
        "voice": "sarah",
        "engine": "espeak",
        "fallback": TONE,
        "chunk_size": 50,
    }
    reply = speech(troupe(where("Then", fault=OutOfMemory("planned"))).service.run(Job(id="x"), asked))
    assert reply.degraded
    assert "1 utterance was asked of the engine 'espeak' in the voice 'sarah'" in reply.warnings[0]


def test_a_text_is_cut_so_that_every_understudy_can_say_its_part(worker: Worker) -> None:
    here = Troupe(worker, broken(), broken())
    here.tone.capabilities = replace(here.tone.capabilities, max_chars=60)
    text = "a word after another one and so on for ever " * 20
    speech(here.ask(text=text, chunk_size=280, fallback=TONE))
    assert max(len(each.text) for each in here.tone.given) <= 60


def test_a_stream_falls_back_too(troupe: Make) -> None:
    here = troupe(broken(), broken())
    asked = {
        "text": TEXT,
        "voice": "sarah",
        "stream": True,
        "response_format": "pcm",
        "fallback": TONE,
        "chunk_size": 50,
    }
    *pieces, reply = here.service.stream(Job(id="x"), asked)
    assert speech(reply).degraded  # type: ignore[arg-type]
    assert sum(map(len, pieces)) == speech(reply).size_bytes > 0  # type: ignore[arg-type]
    assert {each.engine for each in speech(reply).utterances} == {"tone"}  # type: ignore[arg-type]


def test_a_stream_closed_while_its_engine_hangs_is_a_cancelled_job(troupe: Make) -> None:
    here = troupe(only(1, fault=HANG))
    job = Job(id="x")
    asked = {
        "text": TEXT,
        "voice": "sarah",
        "stream": True,
        "response_format": "pcm",
        "fallback": TONE,
        "chunk_size": 50,
    }
    with ThreadPoolExecutor(1) as pool:
        answers = pool.submit(list, here.service.stream(job, asked))
        assert here.loaded[0].hangs.wait(10)
        job.cancellation.cancel()
        assert refusal(answers.result(10)[-1]).error.code == "cancelled"
    assert here.tone.given == []


def test_jobs_that_end_well_by_fallback_alone_still_make_the_worker_leave(troupe: Make) -> None:
    here = troupe(broken(), broken())
    for number in range(3):
        assert here.worker.vitals.reason is None
        assert speech(here.ask(f"{number}", fallback=TONE)).degraded
    assert "3 jobs in a row" in (here.worker.vitals.reason or "")
    assert here.worker.tally.outcomes == {"ok": 3}


def test_a_poisoned_engine_makes_the_worker_leave_though_the_job_ends_well(troupe: Make) -> None:
    here = troupe(only(0, fault=EnginePoisoned("planned")), sound)
    reply = speech(here.ask(fallback=TONE))
    assert {each.engine for each in reply.utterances} == {"tone"}
    assert len(here.loaded) == 1
    assert "engine_poisoned" in (here.worker.vitals.reason or "")
    assert reply.metrics.leaving


def test_a_cloned_voice_is_taken_over_by_another_engine_that_clones(worker: Worker) -> None:
    class Broken(ToneEngine):
        def submit(self, _utterance: Utterance) -> Take:
            raise EngineFailed("planned")

    engines = Engines([Broken(), Other(), worker.engines["espeak"]])
    service = Service(replace(fresh(worker), engines=engines))
    asked = {"text": MONOTONE, "reference_audio": base64_of(sung(330)), "response_format": "wav"}
    reply = speech(service.run(Job(id="x"), asked | {"fallback": [{"engine": "other"}]}))
    assert {each.engine for each in reply.utterances} == {"other"}
    assert pitch(reply) == pytest.approx(330, rel=0.005)
    error = refusal(service.run(Job(id="x"), asked | {"fallback": [{"engine": "espeak"}]})).error
    assert (error.code, error.field) == ("unsupported_voice", "fallback.0.engine")


def test_the_watermark_is_promised_only_where_all_who_spoke_left_one(worker: Worker) -> None:
    here = Troupe(worker, where("Then"))
    here.loaded[0].capabilities = replace(here.loaded[0].capabilities, watermark=True)
    assert speech(here.ask(text="First of all.")).watermark
    assert not speech(here.ask(fallback=TONE)).watermark


def test_many_jobs_at_once_all_end_well_though_their_engine_breaks(troupe: Make) -> None:
    here = troupe(lambda number, _: EngineFailed("planned") if number >= 10 else None)
    with ThreadPoolExecutor(32) as pool:
        replies = list(
            pool.map(lambda number: speech(here.ask(f"{number}", fallback=TONE, seed=number + 1)), range(32))
        )
    assert any(reply.degraded for reply in replies)
    for reply in replies:
        spoken = [each.engine for each in reply.utterances]
        assert len(spoken) == 3
        assert reply.degraded == ("tone" in spoken)
    assert here.worker.engines.breaker("espeak").state == "open"
