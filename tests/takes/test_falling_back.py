"""The cascade, with real engines that are made to fail."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from tests.engines.faulty import HANG, SILENCE, Fault, Faulty, Plan, broken, every, only, sound, where
from voice_library.voice import Voice
from worker.audio.clip import Clip, concatenate
from worker.engines.base import Submit, Take, Utterance, Verdict
from worker.engines.registry import Engines
from worker.engines.tone import ToneEngine
from worker.errors import (
    Cancelled,
    EngineFailed,
    EnginePoisoned,
    EngineUnavailable,
    OutOfMemory,
    UnreadableText,
    WorkerError,
)
from worker.jobs.context import Worker
from worker.request import EngineOptions
from worker.takes.falling_back import falling_back
from worker.takes.in_order import in_order, whole
from worker.takes.understudy import StoodIn, Understudy

ASKED, SECOND = ToneEngine().voices[:2]


class Other(ToneEngine):
    name = "other"


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def utterance(index: int = 0, text: str = "one two", **fields: Any) -> Utterance:
    return Utterance(
        index=index, text=text, start=0, end=len(text), engine="tone", voice=ASKED, language="en", seed=7, **fields
    )


def understudy(engine: Any, voice: Voice = SECOND, **fields: Any) -> Understudy:
    return Understudy(engine=engine.name, voice=voice, capabilities=engine.capabilities, **fields)


@dataclass
class Stage:
    """A tone engine with a plan for each load, and another engine that takes over."""

    plan: Plan = sound
    then: Plan | None = None
    """Of the fresh load; None where there can be none."""
    other: Plan = sound
    clock: Clock = field(default_factory=Clock)
    noted: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.asked = [Faulty(ToneEngine(), self.plan)]
        self.second = Faulty(Other(), self.other)
        loads = {} if self.then is None else {"tone": self._load}
        self.engines = Engines([self.asked[0], self.second], loads=loads, clock=self.clock)

    def _load(self) -> Faulty:
        assert self.then is not None
        self.asked.append(Faulty(ToneEngine(), self.then))
        return self.asked[-1]

    def submit(self, *understudies: Understudy, submit: Submit | None = None) -> Submit:
        chosen = understudies or (understudy(self.second),)
        return falling_back(submit or self.engines.submit, chosen, self.engines, note=self.noted.append)


def heard(take: Take) -> tuple[Clip, Verdict]:
    clips = list(take)
    return concatenate(clips, clips[0].sample_rate), take.verdict


def speakers(submit: Submit, texts: list[str], *, ahead: int = 1) -> list[str]:
    utterances = [utterance(index, text) for index, text in enumerate(texts)]
    return [each.verdict.engine for each in whole(in_order(utterances, submit, ahead=ahead))]


def test_without_understudies_nothing_is_put_between() -> None:
    stage = Stage()
    assert falling_back(stage.engines.submit, (), stage.engines, note=stage.noted.append) == stage.engines.submit


def test_an_engine_that_works_is_heard_as_it_is_and_nobody_else_is_asked() -> None:
    stage = Stage()
    take = stage.submit()(utterance())
    clip, verdict = heard(take)
    plain, _ = heard(ToneEngine().submit(utterance()))
    assert np.array_equal(clip.samples, plain.samples)
    assert verdict == Verdict(seed=7, engine="tone")
    assert (stage.second.given, stage.noted) == ([], [])


def test_a_fresh_load_cures_an_engine_and_the_verdict_tells_of_it() -> None:
    stage = Stage(only(0), then=sound)
    clip, verdict = heard(stage.submit()(utterance()))
    assert np.array_equal(clip.samples, heard(ToneEngine().submit(utterance()))[0].samples)
    assert (verdict.engine, verdict.attempts, isinstance(verdict, StoodIn)) == ("tone", 2, False)
    assert [(each.engine, each.failed) for each in verdict.rejected] == [("tone", ("engine_failed",))]
    assert [len(engine.given) for engine in stage.asked] == [1, 1]
    assert (stage.second.given, stage.noted) == ([], ["engine_failed"])


def test_where_that_does_not_help_the_next_one_speaks_and_the_verdict_says_who_and_why() -> None:
    stage = Stage(broken(), then=broken())
    clip, verdict = heard(stage.submit()(utterance()))
    plain, _ = heard(Other().submit(replace(utterance(), voice=SECOND)))
    assert np.array_equal(clip.samples, plain.samples)
    assert isinstance(verdict, StoodIn)
    assert (verdict.engine, verdict.attempts) == ("other", 3)
    assert [each.failed for each in verdict.rejected] == [("engine_failed",)] * 2
    said = verdict.substitution
    assert (said.asked_engine, said.asked_voice, said.engine, said.voice) == ("tone", ASKED.id, "other", SECOND.id)
    assert said.because == ("engine_failed",)


@pytest.mark.parametrize("fault", [SILENCE, "nothing"])
def test_silence_is_a_failure_too(fault: Fault) -> None:
    stage = Stage(lambda *_: fault)
    assert heard(stage.submit()(utterance()))[1].engine == "other"


@pytest.mark.parametrize("error", [EnginePoisoned, OutOfMemory])
def test_where_a_fresh_load_is_pointless_there_is_none_and_the_code_is_told(error: type[WorkerError]) -> None:
    stage = Stage(broken(error), then=sound)
    assert heard(stage.submit()(utterance()))[1].engine == "other"
    assert len(stage.asked) == 1
    assert stage.noted == [error.code]


def test_a_fresh_load_that_fails_is_told_and_the_next_one_speaks() -> None:
    engine, other = Faulty(ToneEngine(), broken()), Faulty(Other())

    def load() -> Faulty:
        raise EngineUnavailable("no room")

    engines, noted = Engines([engine, other], loads={"tone": load}), []
    submit = falling_back(engines.submit, [understudy(other)], engines, note=noted.append)
    verdict = heard(submit(utterance()))[1]
    assert [each.failed for each in verdict.rejected] == [("engine_failed",), ("engine_unavailable",)]
    assert noted == ["engine_failed", "engine_unavailable"]
    assert verdict.attempts == 2
    engines.close()


def test_a_wrong_request_goes_back_to_the_caller() -> None:
    stage = Stage(broken(UnreadableText), then=sound)
    with pytest.raises(UnreadableText):
        heard(stage.submit()(utterance()))
    assert (stage.second.given, stage.noted) == ([], [])


def test_an_understudy_that_cannot_read_a_text_is_passed_over() -> None:
    stage = Stage(broken(), other=broken(UnreadableText))
    third = understudy(ToneEngine(), ASKED)
    with pytest.raises(EngineFailed, match=r"'tone' \(engine_failed\), 'other' \(unreadable_text\)"):
        heard(stage.submit(understudy(stage.second), third)(utterance()))


def test_where_nobody_can_say_it_the_error_names_all_that_were_asked() -> None:
    stage = Stage(broken(), then=broken(), other=broken(OutOfMemory))
    with pytest.raises(EngineFailed, match=r"'tone' \(engine_failed\), 'other' \(out_of_memory\)") as caught:
        heard(stage.submit()(utterance()))
    assert caught.value.retryable
    assert stage.noted == ["engine_failed", "engine_failed", "out_of_memory"]


def test_a_voice_is_never_changed_in_the_midst_of_an_utterance() -> None:
    stage = Stage(broken())  # it fails after its first clip
    take = stage.submit()(utterance(text="one two three"))
    words = [word.text for clip in take for word in clip.words]
    assert words == ["one", "two", "three"]


def test_an_understudy_at_another_rate_and_speed_is_fitted_to_the_engine_asked_for(worker: Worker) -> None:
    espeak, sarah = worker.engines["espeak"], worker.library.find("sarah")
    assert isinstance(sarah, Voice)
    stage = Stage(broken())
    engines = Engines([stage.asked[0], espeak])
    given: list[Utterance] = []

    def submit(given_utterance: Utterance) -> Take:
        given.append(given_utterance)
        return engines.submit(given_utterance)

    narrow = replace(espeak.capabilities, speed_range=(0.8, 1.25))
    one = Understudy(engine="espeak", voice=sarah, capabilities=narrow)
    falling = falling_back(submit, [one], engines, note=stage.noted.append)
    said = utterance(text="a few words to be said", options=EngineOptions(pitch=60, temperature=0.5))
    clip, _ = heard(falling(said))
    options = EngineOptions(pitch=60)
    assert given[-1] == replace(said, engine="espeak", voice=sarah, options=options)
    alone, _ = heard(espeak.submit(replace(said, engine="espeak", voice=sarah, options=options)))
    assert (clip.sample_rate, alone.sample_rate) == (16_000, 22_050)
    assert clip.duration_sec == pytest.approx(alone.duration_sec, abs=1 / 8000)
    assert [word.text for word in clip.words] == [word.text for word in alone.words]

    fast, _ = heard(falling(replace(said, speed=2.5)))
    assert given[-1].speed == 1.25
    at_its_fastest, _ = heard(espeak.submit(given[-1]))
    assert fast.duration_sec == pytest.approx(at_its_fastest.duration_sec / 2, abs=1 / 8000)


def test_a_text_too_long_for_an_understudy_goes_to_the_next() -> None:
    stage = Stage(broken())
    small = replace(understudy(stage.second), capabilities=replace(stage.second.capabilities, max_chars=3))
    verdict = heard(stage.submit(small, understudy(stage.second, ASKED))(utterance()))[1]
    assert isinstance(verdict, StoodIn)
    assert verdict.substitution.voice == ASKED.id
    assert verdict.substitution.because == ("engine_failed", "text_too_long")


def test_tags_that_an_understudy_would_read_aloud_are_left_out() -> None:
    stage = Stage(broken())
    heard(stage.submit()(utterance(text="[laugh] one [sigh] two")))
    assert stage.second.given[-1].text == "one two"
    acting = replace(stage.second.capabilities, tags=frozenset({"laugh"}))
    heard(
        stage.submit(replace(understudy(stage.second), capabilities=acting))(utterance(text="[laugh] one [sigh] two"))
    )
    assert stage.second.given[-1].text == "[laugh] one two"
    with pytest.raises(EngineFailed, match=r"'other' \(nothing_to_say\)"):
        heard(stage.submit()(utterance(text="[laugh]")))


def test_one_exception_and_the_voice_asked_for_comes_back_the_second_one_keeps_the_rest() -> None:
    stage = Stage(where("bad"))
    texts = ["good", "bad", "good", "good", "bad", "good", "good"]
    expected = ["tone", "other", "tone", "tone", "other", "other", "other"]
    assert speakers(stage.submit(), texts) == expected
    assert speakers(stage.submit(), texts, ahead=3) == expected  # a job of its own


def test_a_job_never_goes_back_to_an_engine_whose_breaker_opened() -> None:
    stage = Stage(only(0, 1, 2))
    for _ in range(2):
        with suppress(EngineFailed):
            heard(stage.engines.submit(utterance()))
    submit = stage.submit()
    assert speakers(submit, ["one", "two", "three"], ahead=2) == ["other"] * 3
    heard(stage.engines.submit(utterance()))
    assert stage.engines.breaker("tone").state == "closed"
    assert speakers(submit, ["four"]) == ["other"]
    assert speakers(stage.submit(), ["four"]) == ["tone"]  # another job


def test_an_engine_that_rests_is_passed_over_which_is_told() -> None:
    stage = Stage(only(0, 1, 2))
    for _ in range(3):
        with suppress(EngineFailed):
            heard(stage.engines.submit(utterance()))
    verdict = heard(stage.submit()(utterance()))[1]
    assert isinstance(verdict, StoodIn)
    assert (verdict.substitution.because, verdict.attempts) == (("engine_resting",), 1)
    assert len(stage.asked[0].given) == 3
    assert stage.noted == ["engine_resting"]


def test_after_the_cool_down_one_utterance_tries_and_its_success_brings_all_back() -> None:
    stage = Stage(only(0, 1, 2))
    for _ in range(3):
        with suppress(EngineFailed):
            heard(stage.engines.submit(utterance()))
    stage.clock.now = 1000
    assert speakers(stage.submit(), ["one", "two", "three", "four"], ahead=4) == ["tone"] * 4
    assert stage.engines.breaker("tone").state == "closed"


def test_a_try_after_the_cool_down_that_fails_costs_one_utterance() -> None:
    stage = Stage(broken())
    for _ in range(3):
        with suppress(EngineFailed):
            heard(stage.engines.submit(utterance()))
    stage.clock.now = 1000
    assert speakers(stage.submit(), ["one", "two", "three"], ahead=3) == ["other"] * 3
    assert speakers(stage.submit(), ["one"]) == ["other"]
    assert len(stage.asked[0].given) == 4


def test_an_engine_that_rests_is_asked_where_all_others_fail() -> None:
    stage = Stage(only(0, 1, 2), other=broken())
    for _ in range(3):
        with suppress(EngineFailed):
            heard(stage.engines.submit(utterance()))
    verdict = heard(stage.submit()(utterance()))[1]
    assert (verdict.engine, isinstance(verdict, StoodIn)) == ("tone", False)


class Doubtful:
    """A take that is heard, and fails checks."""

    def __init__(self, take: Take, failed: tuple[str, ...]) -> None:
        self._take, self._failed = take, failed
        self.cancel = take.cancel

    def __iter__(self) -> Any:
        return iter(self._take)

    @property
    def verdict(self) -> Verdict:
        return replace(self._take.verdict, failed=self._failed, attempts=2)


def doubting(engines: Engines, **failed: tuple[str, ...]) -> Submit:
    return lambda given: Doubtful(engines.submit(given), failed.get(given.engine, ()))


def test_doubts_move_on_only_where_a_step_says_so() -> None:
    stage = Stage()
    doubts = doubting(stage.engines, tone=("too_long",))
    verdict = heard(stage.submit(submit=doubts)(utterance()))[1]
    assert (verdict.engine, verdict.failed, verdict.attempts) == ("tone", ("too_long",), 2)
    assert stage.second.given == []
    moved = heard(stage.submit(understudy(stage.second, on="doubt"), submit=doubts)(utterance()))[1]
    assert isinstance(moved, StoodIn)
    assert (moved.engine, moved.failed, moved.attempts) == ("other", (), 4)
    assert moved.substitution.because == ("too_long",)
    assert [(each.engine, each.failed) for each in moved.rejected] == [("tone", ("too_long",))]


@pytest.mark.parametrize(
    ("asked", "second", "kept"),
    [
        (("too_long",), ("too_short",), "tone"),
        (("too_long", "noisy"), ("too_short",), "other"),
        (("too_long",), ("too_short", "noisy"), "tone"),
    ],
)
def test_of_doubtful_renderings_the_least_doubtful_is_kept_the_one_asked_for_first(
    asked: tuple[str, ...], second: tuple[str, ...], kept: str
) -> None:
    stage = Stage()
    doubts = doubting(stage.engines, tone=asked, other=second)
    verdict = heard(stage.submit(understudy(stage.second, on="doubt"), submit=doubts)(utterance()))[1]
    assert (verdict.engine, verdict.attempts, len(verdict.rejected)) == (kept, 4, 1)


def test_a_doubtful_rendering_is_better_than_an_error() -> None:
    stage = Stage(other=broken())
    doubts = doubting(stage.engines, tone=("too_long",))
    verdict = heard(stage.submit(understudy(stage.second, on="doubt"), submit=doubts)(utterance()))[1]
    assert (verdict.engine, verdict.failed) == ("tone", ("too_long",))


def test_an_engine_is_not_loaded_anew_because_a_check_failed() -> None:
    stage = Stage(then=sound)

    class Refused(Doubtful):
        def __iter__(self) -> Any:
            list(self._take)
            raise EngineFailed("no rendering passed the checks")

    def submit(given: Utterance) -> Take:
        return Refused(stage.engines.submit(given), ()) if given.engine == "tone" else stage.engines.submit(given)

    assert heard(stage.submit(submit=submit)(utterance()))[1].engine == "other"
    assert len(stage.asked) == 1


def test_cancelling_wakes_the_reader_of_an_engine_that_hangs_and_nobody_takes_over() -> None:
    stage = Stage(only(0, fault=HANG), then=sound)
    take = stage.submit()(utterance())
    with ThreadPoolExecutor(1) as pool:
        reader = pool.submit(list, take)
        assert stage.asked[0].hangs.wait(10)
        take.cancel()
        take.cancel()
        with pytest.raises(Cancelled):
            reader.result(10)
    assert stage.asked[0].takes[0].cancelled.is_set()
    assert (stage.second.given, len(stage.asked)) == ([], 1)


def test_cancelling_wakes_the_reader_who_waits_for_a_fresh_load() -> None:
    loading, release = threading.Event(), threading.Event()
    engine, other = Faulty(ToneEngine(), broken()), Faulty(Other())

    def load() -> Faulty:
        loading.set()
        assert release.wait(10)
        return Faulty(ToneEngine())

    engines = Engines([engine, other], loads={"tone": load})
    take = falling_back(engines.submit, [understudy(other)], engines, note=[].append)(utterance())
    with ThreadPoolExecutor(1) as pool:
        reader = pool.submit(list, take)
        assert loading.wait(10)
        take.cancel()
        with pytest.raises(Cancelled):
            reader.result(10)
    assert other.given == []
    release.set()
    engines.close()


def test_a_take_that_is_cancelled_before_it_is_read_raises_so() -> None:
    stage = Stage()
    take = stage.submit()(utterance())
    take.cancel()
    with pytest.raises(Cancelled):
        list(take)


def test_what_was_begun_for_nothing_is_cancelled() -> None:
    stage = Stage(where("bad"))
    assert speakers(stage.submit(), ["bad", "bad", "good", "good"], ahead=4) == ["other"] * 4
    assert [take.cancelled.is_set() for take in stage.asked[0].takes] == [False, False, True, True]


@pytest.mark.parametrize("count", [2, 3])
def test_an_engine_that_fails_now_and_then_leaves_at_most_three_changes_of_voice(count: int) -> None:
    stage = Stage(every(count))
    spoken = speakers(stage.submit(), ["word"] * 20, ahead=2)
    changes = sum(one != other for one, other in pairwise(spoken))
    assert changes <= 3


def test_many_jobs_at_once_are_all_heard_though_the_engine_breaks_and_recovers() -> None:
    stage = Stage(lambda number, _: EngineFailed("planned") if 20 <= number < 60 else None)
    gate = threading.Barrier(32)
    states: set[str] = set()

    def job(number: int) -> list[str]:
        submit = stage.submit()
        gate.wait()
        spoken = []
        for index in range(6):
            stage.clock.now += 1
            spoken += speakers(submit, [f"{number} {index}"])
            states.add(stage.engines.breaker("tone").state)
        return spoken

    with ThreadPoolExecutor(32) as pool:
        heard_engines = list(pool.map(job, range(32)))
    assert [len(each) for each in heard_engines] == [6] * 32
    assert "open" in states
    stage.clock.now += 1000
    for _ in range(60):  # whatever of the plan is left
        with suppress(EngineFailed):
            heard(stage.engines.submit(utterance()))
    assert speakers(stage.submit(), ["again"]) == ["tone"]


def test_an_engine_that_refuses_at_once_is_treated_as_one_that_fails_later() -> None:
    stage = Stage(then=sound)

    def refuse(_utterance: Utterance) -> Take:
        raise EngineFailed("planned")

    stage.asked[0].submit = refuse  # type: ignore[method-assign]
    verdict = heard(stage.submit()(utterance()))[1]
    assert (verdict.engine, verdict.attempts) == ("tone", 2)
    assert [each.failed for each in verdict.rejected] == [("engine_failed",)]
