"""The window of takes, with takes that record what is done to them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import pytest

from voice_library.voice import Voice
from worker.audio.clip import Clip, Word
from worker.engines.base import Take, Utterance, Verdict
from worker.errors import EngineFailed
from worker.takes.in_order import Piece, in_order, whole

VOICE = Voice(id="someone", names=("Someone",), language="en", gender="neutral")
RATE = 100


def utterance(index: int) -> Utterance:
    return Utterance(index=index, text=f"u{index}", start=0, end=2, engine="fake", voice=VOICE, language="en")


def clip(value: float, frames: int = 10, word: str = "") -> Clip:
    words = (Word(text=word, start_sec=0.0),) if word else ()
    return Clip(samples=np.full(frames, value, np.float32), sample_rate=RATE, words=words)


@dataclass
class FakeEngine:
    """Two clips per utterance; logs what happens in order."""

    fails_at: int | None = None
    clips: int = 2
    log: list[str] = field(default_factory=list)

    def submit(self, given: Utterance) -> Take:
        self.log.append(f"submit {given.index}")
        return FakeTake(self, given.index)


@dataclass
class FakeTake:
    engine: FakeEngine
    index: int

    @property
    def verdict(self) -> Verdict:
        return Verdict(seed=self.index, engine="fake")

    def __iter__(self) -> Iterator[Clip]:
        for number in range(self.engine.clips):
            self.engine.log.append(f"clip {self.index}.{number}")
            if self.engine.fails_at == self.index:
                raise EngineFailed("planned")
            yield clip(self.index + number / 10, word=f"{self.index}.{number}")

    def cancel(self) -> None:
        self.engine.log.append(f"cancel {self.index}")


def test_pieces_come_in_text_order_and_end_with_the_verdict() -> None:
    pieces = list(in_order(map(utterance, range(3)), FakeEngine().submit, ahead=2))
    assert [piece.utterance.index for piece in pieces] == [0, 0, 0, 1, 1, 1, 2, 2, 2]
    assert [piece.verdict is not None for piece in pieces] == [False, False, True] * 3


def test_the_window_holds_as_many_takes_as_asked_and_never_more() -> None:
    engine = FakeEngine()
    pieces = in_order(map(utterance, range(5)), engine.submit, ahead=3)
    next(pieces)
    assert engine.log == ["submit 0", "submit 1", "submit 2", "clip 0.0"]
    next(pieces), next(pieces)
    assert engine.log.count("submit 3") == 0
    next(pieces)
    assert engine.log[-2:] == ["submit 3", "clip 1.0"]


def test_nothing_is_rendered_before_it_is_read() -> None:
    engine = FakeEngine()
    in_order(map(utterance, range(5)), engine.submit, ahead=3)
    assert engine.log == []


def test_closed_early_it_cancels_the_take_being_read_and_the_rest() -> None:
    engine = FakeEngine()
    pieces = in_order(map(utterance, range(5)), engine.submit, ahead=3)
    next(pieces)
    pieces.close()
    assert engine.log[-3:] == ["cancel 0", "cancel 1", "cancel 2"]


def test_read_to_the_end_it_cancels_nothing() -> None:
    engine = FakeEngine()
    list(in_order(map(utterance, range(5)), engine.submit, ahead=3))
    assert not [entry for entry in engine.log if entry.startswith("cancel")]


def test_an_error_cancels_what_is_under_way() -> None:
    engine = FakeEngine(fails_at=1)
    with pytest.raises(EngineFailed, match="planned"):
        list(in_order(map(utterance, range(5)), engine.submit, ahead=2))
    assert engine.log[-2:] == ["cancel 1", "cancel 2"]


def test_whole_makes_one_clip_of_an_utterance_and_moves_its_words() -> None:
    spoken = list(whole(in_order(map(utterance, range(2)), FakeEngine().submit, ahead=1)))
    assert [len(each.clip.samples) for each in spoken] == [20, 20]
    assert [word.start_sec for word in spoken[1].clip.words] == [0.0, 0.1]
    assert [each.verdict.seed for each in spoken] == [0, 1]


def test_whole_refuses_an_utterance_without_audio() -> None:
    pieces = [Piece(utterance=utterance(0), verdict=Verdict(seed=0, engine="fake"))]
    with pytest.raises(EngineFailed, match="'fake' made no audio"):
        list(whole(pieces))
