"""The window of takes, with takes that record what is done to them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

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


TAIL = 3
"""Frames of 30 ms."""


def live(*clips: Clip, verdict: Verdict | None = None) -> list[Piece]:
    """The pieces of a live utterance that ends, and of one that does not follow it live."""
    spoken = replace(utterance(0), live=True)
    ended = Piece(utterance=spoken, verdict=verdict or Verdict(seed=9, engine="fake", attempts=2))
    return [*(Piece(utterance=spoken, clip=clip) for clip in clips), ended]


def test_whole_passes_a_live_utterance_on_in_stretches_but_for_its_tail() -> None:
    stretches = list(whole(live(clip(0.1), clip(0.2), clip(0.3))))
    assert [len(each.clip.samples) for each in stretches] == [10 - TAIL, 10, 10, TAIL]
    assert [(each.begins, each.ends) for each in stretches] == [
        (True, False),
        (False, False),
        (False, False),
        (False, True),
    ]
    heard = np.concatenate([each.clip.samples for each in stretches])
    assert np.array_equal(heard, np.repeat(np.array([0.1, 0.2, 0.3], np.float32), 10))


def test_whole_has_a_live_stretch_as_soon_as_its_clip_is_there() -> None:
    pieces = iter(live(clip(0.1), clip(0.2)))
    stretches = whole(pieces)
    assert len(next(stretches).clip.samples) == 10 - TAIL
    assert len(list(pieces)) == 2  # which nobody has asked for


def test_whole_tells_the_verdict_with_the_last_stretch_and_until_then_who_speaks() -> None:
    *before, last = whole(live(clip(0.1), clip(0.2)))
    assert (last.verdict.seed, last.verdict.attempts) == (9, 2)
    assert {(each.verdict.seed, each.verdict.engine, each.verdict.attempts) for each in before} == {(0, "fake", 1)}


def test_whole_holds_clips_back_that_are_shorter_than_the_tail() -> None:
    stretches = list(whole(live(clip(0.1, 2), clip(0.2, 1), clip(0.3, 4))))
    assert [len(each.clip.samples) for each in stretches] == [4, TAIL]
    assert [(each.begins, each.ends) for each in stretches] == [(True, False), (False, True)]


def test_whole_gives_a_live_utterance_shorter_than_the_tail_as_one_clip() -> None:
    (only,) = whole(live(clip(0.1, 2)))
    assert (len(only.clip.samples), only.begins, only.ends) == (2, True, True)


def test_whole_moves_the_words_of_a_live_utterance_to_where_they_are_heard() -> None:
    stretches = list(whole(live(clip(0.1, word="a"), clip(0.2, word="b"), clip(0.3, word="c"))))
    heard, frames = [], 0
    for each in stretches:
        heard += [(word.text, round(frames / RATE + word.start_sec, 6)) for word in each.clip.words]
        frames += len(each.clip.samples)
    assert heard == [("a", 0.0), ("b", 0.1), ("c", 0.2)]


def test_whole_goes_on_with_whole_utterances_after_a_live_one() -> None:
    after = [Piece(utterance=utterance(1), clip=clip(0.5)), Piece(utterance=utterance(1), clip=clip(0.6))]
    ended = Piece(utterance=utterance(1), verdict=Verdict(seed=1, engine="fake"))
    *_, last = whole([*live(clip(0.1)), *after, ended])
    assert (len(last.clip.samples), last.begins, last.ends) == (20, True, True)


def test_whole_refuses_a_live_utterance_of_silence_alone_but_not_a_silent_stretch() -> None:
    assert len(list(whole(live(clip(0.0), clip(0.2), clip(0.0))))) == 4
    stretches = whole(live(clip(0.0), clip(0.0)))
    assert [len(next(stretches).clip.samples) for _ in range(2)] == [10 - TAIL, 10]
    with pytest.raises(EngineFailed, match="nothing but silence"):
        next(stretches)


def test_whole_refuses_a_live_utterance_without_audio() -> None:
    with pytest.raises(EngineFailed, match="'fake' made no audio"):
        list(whole(live()))
