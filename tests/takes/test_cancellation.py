from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from voice_library.voice import Voice
from worker.audio.clip import Clip, silence
from worker.engines.base import Take, Utterance, Verdict
from worker.errors import Cancelled
from worker.takes.cancellation import Cancellation
from worker.takes.ending import ending_with

UTTERANCE = Utterance(
    index=0,
    text="hello",
    start=0,
    end=5,
    engine="waiting",
    voice=Voice(id="someone", names=("Someone",), language="en", gender="neutral"),
    language="en",
)


class WaitingTake:
    """Yields nothing until it is cancelled."""

    verdict = Verdict(seed=0, engine="waiting")

    def __init__(self) -> None:
        self.reading = threading.Event()
        self._cancelled = threading.Event()

    def __iter__(self) -> Iterator[Clip]:
        self.reading.set()
        if self._cancelled.wait(timeout=10):
            raise Cancelled("cancelled")
        yield silence(1, 100)

    def cancel(self) -> None:
        self._cancelled.set()


def test_cancelling_a_job_wakes_the_reader_of_its_take() -> None:
    cancellation, take = Cancellation(), WaitingTake()

    def submit(_utterance: Utterance) -> Take:
        return take

    watched = ending_with(submit, cancellation, ahead=1)(UTTERANCE)
    canceller = threading.Thread(target=lambda: take.reading.wait(10) and cancellation.cancel())
    canceller.start()
    with pytest.raises(Cancelled):
        list(watched)
    canceller.join()


def test_a_cancelled_job_submits_nothing_more() -> None:
    cancellation = Cancellation()
    cancellation.cancel()
    with pytest.raises(Cancelled):
        ending_with(lambda _: pytest.fail("submitted"), cancellation, ahead=1)(UTTERANCE)


def test_a_take_that_slips_in_while_the_job_is_cancelled_is_cancelled_too() -> None:
    cancellation, take = Cancellation(), WaitingTake()

    def submit(_utterance: Utterance) -> Take:
        cancellation.cancel()
        return take

    with pytest.raises(Cancelled):
        list(ending_with(submit, cancellation, ahead=1)(UTTERANCE))
