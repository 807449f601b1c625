from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any

import numpy as np
import pytest

from tests.engines.faulty import HANG, NOTHING, SILENCE, Faulty, Plan, broken, only, sound, where
from worker.audio.clip import Clip
from worker.engines.base import Utterance
from worker.engines.registry import Engines
from worker.engines.tone import ToneEngine
from worker.errors import (
    Cancelled,
    EngineFailed,
    EnginePoisoned,
    EngineUnavailable,
    InvalidSettings,
    UnknownEngine,
    UnreadableText,
    UnsupportedJob,
    WorkerError,
)
from worker.jobs.context import Worker
from worker.settings import Settings


def test_an_unknown_engine_in_the_settings_stops_the_start() -> None:
    with pytest.raises(InvalidSettings, match="no engine 'espeek'; known: espeak, tone"):
        Engines.load(Settings(engines=("espeek",)))


def test_a_misspelt_engine_is_answered_with_the_nearest_one(worker: Worker) -> None:
    with pytest.raises(UnknownEngine, match="did you mean 'espeak'"):
        worker.engines["espeek"]


def test_an_engine_that_exists_but_is_not_loaded_says_so() -> None:
    engines = Engines.load(Settings(engines=("tone",)))
    with pytest.raises(UnknownEngine, match="'espeak' is not loaded on this worker"):
        engines["espeak"]


def test_engines_keep_the_order_of_the_settings() -> None:
    engines = Engines.load(Settings(engines=("tone", "espeak")))
    assert [engine.name for engine in engines] == ["tone", "espeak"]
    engines.close()


UTTERANCE = Utterance(
    index=0,
    text="one two",
    start=0,
    end=7,
    engine="tone",
    voice=ToneEngine().voices[0],
    language="en",
)


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


class Loads:
    """Loads faulty tone engines, one after the other as they are planned; those after them are sound."""

    def __init__(self, *plans: Plan) -> None:
        self._plans = list(plans)
        self.loaded: list[Faulty] = []

    def __call__(self) -> Faulty:
        plan = self._plans.pop(0) if self._plans else sound
        self.loaded.append(Faulty(ToneEngine(), plan))
        return self.loaded[-1]


def engines_of(loads: Loads, **arguments: Any) -> Engines:
    return Engines([loads()], loads={"tone": loads}, **arguments)


def hear(engines: Engines) -> int:
    return len(list(engines.submit(UTTERANCE)))


def fail(engines: Engines) -> None:
    with pytest.raises(EngineFailed):
        hear(engines)


def test_an_engine_that_waits_to_be_asked_for_is_loaded_once_and_announced() -> None:
    loads, announced = Loads(), []
    engines = Engines([], loads={"tone": loads})
    engines.on_load = announced.append
    assert list(engines) == []
    assert [hear(engines), hear(engines)] == [2, 2]
    assert announced == loads.loaded == [engines["tone"]]
    engines.close()


@pytest.mark.parametrize("fault", [EngineFailed("planned"), SILENCE, NOTHING])
def test_what_comes_of_utterances_opens_and_closes_the_breaker(fault: WorkerError | str) -> None:
    engines = engines_of(Loads(only(0, 1, 2, fault=fault)))
    for _ in range(3):
        assert engines.breaker("tone").state == "closed"
        with suppress(EngineFailed):
            hear(engines)
    assert engines.breaker("tone").state == "open"
    assert hear(engines) == 2  # whoever has no alternative is not refused
    assert engines.breaker("tone").state == "closed"
    engines.close()


def test_a_cancelled_or_unread_utterance_and_a_wrong_request_say_nothing_of_an_engine() -> None:
    engines = engines_of(Loads(where("two", UnreadableText("planned"))))
    for _ in range(5):
        take = engines.submit(UTTERANCE)
        take.cancel()
        with pytest.raises(Cancelled):
            list(take)
        engines.submit(UTTERANCE)
        with pytest.raises(UnreadableText):
            hear(engines)
    assert engines.breaker("tone").failures == 0
    engines.close()


def test_a_poisoned_engine_is_open_for_good() -> None:
    engines = engines_of(Loads(only(0, fault=EnginePoisoned("planned"))))
    fail(engines)
    hear(engines)
    assert engines.breaker("tone").state == "open"
    engines.close()


def test_a_conversion_is_heard_of_too() -> None:
    engines = Engines([ToneEngine(), Faulty(Other())])
    source = Clip(samples=np.sin(np.arange(16_000) / 10).astype(np.float32), sample_rate=16_000)
    assert list(engines.convert("tone", source, UTTERANCE.voice, seed=1))
    with pytest.raises(UnsupportedJob, match="'other' is not one that converts"):
        engines.convert("other", source, UTTERANCE.voice, seed=1)
    engines.close()


class Other(ToneEngine):
    name = "other"


def test_a_fresh_load_takes_the_place_of_an_engine_that_failed() -> None:
    loads = Loads(broken())
    engines = engines_of(loads)
    fail(engines)
    assert engines.reload("tone", since=0).result(10)
    assert engines.generation("tone") == 1
    assert engines["tone"] is loads.loaded[1]
    assert hear(engines) == 2
    engines.close()
    assert [engine.closed for engine in loads.loaded] == [1, 1]


def test_who_asks_for_an_engine_newer_than_the_one_that_failed_has_it_already() -> None:
    loads = Loads()
    engines = engines_of(loads)
    engines.reload("tone", since=0).result(10)
    assert engines.reload("tone", since=0).result(0)
    assert len(loads.loaded) == 2
    engines.close()


def test_an_engine_is_not_loaded_anew_again_before_the_cool_down() -> None:
    clock, loads = Clock(), Loads()
    engines = engines_of(loads, clock=clock, reload_cool_down_sec=60)
    assert engines.reload("tone", since=0).result(10)
    clock.now = 59
    assert not engines.reload("tone", since=1).result(0)
    clock.now = 60
    assert engines.reload("tone", since=1).result(10)
    assert engines.generation("tone") == 2
    engines.close()
    assert [engine.closed for engine in loads.loaded] == [1, 1, 1]


def test_an_engine_of_which_nobody_knows_how_to_load_it_stays() -> None:
    engine = Faulty(ToneEngine())
    engines = Engines([engine])
    assert not engines.reload("tone", since=0).result(0)
    assert engines["tone"] is engine
    engines.close()


def test_an_engine_that_cannot_be_loaded_anew_stays_and_the_reason_is_told(caplog: pytest.LogCaptureFixture) -> None:
    engine, clock = Faulty(ToneEngine()), Clock()

    def load() -> Faulty:
        raise EngineUnavailable("no room")

    engines = Engines([engine], loads={"tone": load}, clock=clock)
    reload = engines.reload("tone", since=0)
    assert isinstance(reload.exception(10), EngineUnavailable)
    assert hear(engines) == 2
    assert not engines.reload("tone", since=0).result(0)  # the attempt counts
    engines.close()
    assert engine.closed == 1
    assert "could not be loaded anew" in caplog.text


def test_of_many_threads_that_want_a_fresh_load_all_get_the_same_one() -> None:
    release, loads = threading.Event(), Loads(broken())

    def load() -> Faulty:
        assert release.wait(10)
        return loads()

    engines = Engines([loads()], loads={"tone": load})
    asked = threading.Barrier(9)

    def ask() -> bool:
        reload = engines.reload("tone", since=0)
        asked.wait()
        return reload.result(10)

    with ThreadPoolExecutor(8) as pool:
        answers = [pool.submit(ask) for _ in range(8)]
        asked.wait()
        release.set()
        assert all(answer.result(10) for answer in answers)
    engines.close()
    assert [engine.closed for engine in loads.loaded] == [1, 1]


def test_what_is_under_way_on_the_old_engine_is_heard_to_its_end_before_that_is_closed() -> None:
    loads = Loads()
    engines = engines_of(loads)
    clips = iter(engines.submit(UTTERANCE))
    next(clips)
    engines.reload("tone", since=0).result(10)
    hear(engines)
    assert loads.loaded[0].closed == 0
    assert len(list(clips)) == 1
    engines.close()
    assert [engine.closed for engine in loads.loaded] == [1, 1]


def test_what_does_not_end_on_the_old_engine_fails_and_a_cancelled_one_stays_cancelled() -> None:
    loads = Loads(only(0, 1, fault=HANG))
    engines = engines_of(loads, grace_sec=0.05)
    stuck, unwanted = engines.submit(UTTERANCE), engines.submit(UTTERANCE)
    with ThreadPoolExecutor(1) as pool:
        heard = pool.submit(list, stuck)
        assert loads.loaded[0].hangs.wait(10)
        engines.reload("tone", since=0).result(10)
        with pytest.raises(EngineFailed, match="replaced under an utterance"):
            heard.result(10)
    unwanted.cancel()
    with pytest.raises(Cancelled):
        list(unwanted)
    assert engines.breaker("tone").failures == 0  # of the new one
    engines.close()
    assert [engine.closed for engine in loads.loaded] == [1, 1]


def test_what_fails_on_the_old_engine_is_not_held_against_the_new_one() -> None:
    loads = Loads(broken())
    engines = engines_of(loads)
    late = engines.submit(UTTERANCE)
    engines.reload("tone", since=0).result(10)
    with pytest.raises(EngineFailed):
        list(late)
    assert engines.breaker("tone").failures == 0
    engines.close()


def test_closing_ends_what_is_under_way_and_begins_nothing_more() -> None:
    loads = Loads(only(0, fault=HANG))
    engines = engines_of(loads)
    with ThreadPoolExecutor(1) as pool:
        heard = pool.submit(list, engines.submit(UTTERANCE))
        assert loads.loaded[0].hangs.wait(10)
        engines.close()
        with pytest.raises(EngineFailed):
            heard.result(10)
    engines.close()
    assert loads.loaded[0].closed == 1
    with pytest.raises(EngineUnavailable, match="is closed"):
        engines.submit(UTTERANCE)
    assert not engines.reload("tone", since=0).result(0)
