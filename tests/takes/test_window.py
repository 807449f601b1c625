"""The window: takes are under way before anybody asks, and no more of them than there is room for."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator

import numpy as np
import pytest

from voice_library.voice import Voice
from worker.audio.clip import Clip
from worker.engines.base import LazyTake, Take, Utterance, Verdict
from worker.takes.in_order import in_order
from worker.takes.window import Window

VOICE = Voice(id="tone-male", names=("Tone male",), language="en", gender="male", engines={"tone": {}})


class Engine:
    """Counts the takes that are under way."""

    def __init__(self) -> None:
        self.begun: list[int] = []
        self.ended: list[int] = []
        self.cancelled: list[int] = []

    def submit(self, utterance: Utterance) -> Take:
        self.begun.append(utterance.index)
        return Cancellable(self, utterance.index)

    @property
    def under_way(self) -> int:
        return len(self.begun) - len(self.ended)


class Cancellable(LazyTake):
    def __init__(self, engine: Engine, index: int) -> None:
        super().__init__(Verdict(seed=index, engine="tone"), self._clips)
        self._engine = engine
        self._index = index

    def cancel(self) -> None:
        super().cancel()
        self._engine.cancelled.append(self._index)

    def _clips(self, cancelled: threading.Event) -> Iterator[Clip]:  # noqa: ARG002 - the shape of a render
        yield Clip(samples=np.ones(8, dtype=np.float32), sample_rate=16_000)
        self._engine.ended.append(self._index)


def utterances(count: int) -> list[Utterance]:
    return [
        Utterance(index=index, text="hi", start=0, end=2, engine="tone", voice=VOICE, language="en")
        for index in range(count)
    ]


def window(script: Iterable[Utterance], engine: Engine, *, ahead: int) -> Window:
    return Window(script, engine.submit, ahead=ahead)


@pytest.mark.parametrize("ahead", [1, 2, 4, 100])
@pytest.mark.parametrize("lengths", [[1] * 9, [9], [3, 1, 5], [2, 7]])
def test_readers_one_after_the_other_keep_as_many_under_way_as_one(ahead: int, lengths: list[int]) -> None:
    engine, script, read = Engine(), utterances(9), []
    shared = window(script, engine, ahead=ahead)
    waiting = iter(script)
    for length in lengths:
        mine = [next(waiting) for _ in range(length)]
        for piece in in_order(mine, shared.submit, ahead=ahead):
            assert engine.under_way <= ahead
            if piece.clip is not None:
                read.append(piece.utterance.index)
                assert engine.under_way == min(ahead, 9 - len(engine.ended))
    assert read == engine.begun == engine.ended == list(range(9))
    assert engine.cancelled == []


def test_the_next_reader_finds_its_takes_begun() -> None:
    engine, script = Engine(), utterances(5)
    shared = window(script, engine, ahead=3)
    list(in_order(script[:1], shared.submit, ahead=3))
    assert engine.begun == [0, 1, 2, 3]
    assert engine.ended == [0]


def test_closing_cancels_what_nobody_has_asked_for() -> None:
    engine, script = Engine(), utterances(5)
    shared = window(script, engine, ahead=3)
    take = shared.submit(script[0])
    shared.close()
    assert engine.cancelled == [1, 2]
    take.cancel()
    assert engine.cancelled == [1, 2, 0]
    assert take.verdict.seed == 0


def test_utterances_are_asked_for_in_the_order_of_the_script() -> None:
    script = utterances(2)
    with pytest.raises(ValueError, match="order"):
        window(script, Engine(), ahead=2).submit(script[1])
    with pytest.raises(ValueError, match="order"):
        window([], Engine(), ahead=2).submit(script[0])
