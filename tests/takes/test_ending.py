"""Ending takes with their job."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Iterator

import pytest

from voice_library.voice import Voice
from worker.audio.clip import Clip, silence
from worker.engines.base import LazyTake, Take, Utterance, Verdict
from worker.errors import Cancelled
from worker.takes.cancellation import Cancellation
from worker.takes.ending import ending_with

VOICE = Voice(id="v", names=("v",), language="en", gender="neutral", tier="standard")


class Engine:
    def __init__(self) -> None:
        self.cancelled: list[int] = []
        self.takes: weakref.WeakSet[Take] = weakref.WeakSet()

    def submit(self, utterance: Utterance) -> Take:
        def clips(_: object) -> Iterator[Clip]:
            yield silence(0.1, 8000)

        engine = self

        class Noted(LazyTake):
            def cancel(self) -> None:
                engine.cancelled.append(utterance.index)
                super().cancel()

        take = Noted(Verdict(seed=1, engine="none"), clips)
        self.takes.add(take)
        return take


def utterance(index: int) -> Utterance:
    return Utterance(index=index, text="a", start=0, end=1, engine="none", voice=VOICE, language="en")


def test_the_takes_under_way_end_with_the_job_and_no_others() -> None:
    engine, cancellation = Engine(), Cancellation()
    submit = ending_with(engine.submit, cancellation, ahead=3)
    for index in range(10):
        submit(utterance(index))
    cancellation.cancel()
    assert engine.cancelled == [7, 8, 9]


def test_nothing_is_begun_after_the_end() -> None:
    engine, cancellation = Engine(), Cancellation()
    submit = ending_with(engine.submit, cancellation, ahead=3)
    cancellation.cancel()
    with pytest.raises(Cancelled):
        submit(utterance(0))


def test_a_take_begun_while_the_job_ends_is_cancelled() -> None:
    engine, cancellation = Engine(), Cancellation()

    def submit_late(given: Utterance) -> Take:
        cancellation.cancel()
        return engine.submit(given)

    ending_with(submit_late, cancellation, ahead=1)(utterance(5))
    assert engine.cancelled == [5]


def test_takes_that_were_heard_are_let_go() -> None:
    engine, cancellation = Engine(), Cancellation()
    submit = ending_with(engine.submit, cancellation, ahead=2)
    for index in range(100):
        list(submit(utterance(index)))
    gc.collect()
    assert len(engine.takes) <= 2
