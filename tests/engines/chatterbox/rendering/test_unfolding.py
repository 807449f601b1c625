"""What is rendered while it is spoken goes on where it was, and is soon what it would be if all were known."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import cast

import numpy as np
import pytest
import torch
from torch import Tensor

from tests.engines.chatterbox.rendering.conftest import CPU, Stage, drawn
from worker.audio.clip import Samples
from worker.engines.chatterbox.conditioning.placed import Heard
from worker.engines.chatterbox.rendering.noise import Indexed
from worker.engines.chatterbox.rendering.renderer import Renderer
from worker.engines.chatterbox.rendering.unfolding import (
    CROSSED_SAMPLES,
    FIRST_TOKENS,
    HELD_FRAMES,
    NEXT_TOKENS,
    Unfolding,
)
from worker.engines.chatterbox.vocoder.excitation import FRAME
from worker.engines.chatterbox.watermark.watermark import Watermark

SEED = 3
RATE = 24_000
AHEAD_DB = -27
"""How far the last frame that is given out is from what it would be with all that the vocoder could hear."""
SETTLED_DB = -100
"""The same ten frames before: the vocoder computes in other pieces."""


@pytest.fixture(scope="module")
def watermark() -> Watermark:
    return Watermark()


def unfolding(stage: Stage, voice: Heard, watermark: Watermark | None = None) -> Unfolding:
    return Unfolding(stage.renderer, voice, Indexed(SEED, CPU), watermark)


def windows(unfolding: Unfolding, stage: Stage, tokens: Sequence[int], counts: Iterable[int] = ()) -> list[Samples]:
    """What each gives: of the first so many tokens, or whenever one is due; and of all."""
    chosen = set(counts)
    due = [count for count in range(1, len(tokens)) if (count in chosen if chosen else unfolding.is_due(count))]
    given = []
    for count in (*due, len(tokens)):
        ended = count == len(tokens)
        (mel,) = stage.renderer.mels([unfolding.piece(tokens[:count], ended=ended)])
        given.append(unfolding.samples(mel, ended=ended))
    return given


def whole(stage: Stage, voice: Heard, tokens: Sequence[int]) -> Samples:
    noise = Indexed(SEED, CPU)
    (mel,) = stage.renderer.mels([stage.renderer.piece(stage.renderer.sound(tokens), voice, noise)])
    return stage.renderer.waveform(mel, noise)


def test_windows_are_due_at_the_first_words_and_then_each_time_it_is_twice_as_long(
    stage: Stage, voices: list[Heard]
) -> None:
    unfolding_ = unfolding(stage, voices[0])
    due = [count for count in range(300) if unfolding_.is_due(count)]
    assert due == [FIRST_TOKENS + NEXT_TOKENS * (2**number - 1) for number in range(5)]
    assert not any(unfolding_.is_due(count) for count in range(300))  # nor again, where it is said once more


def test_all_of_them_are_as_long_as_the_whole(stage: Stage, voices: list[Heard]) -> None:
    tokens = drawn(50)
    given = windows(unfolding(stage, voices[0]), stage, tokens)
    assert len(given) == 3
    assert sum(map(len, given)) == len(whole(stage, voices[0], tokens))


def test_an_utterance_of_one_window_is_the_whole(stage: Stage, voices: list[Heard], watermark: Watermark) -> None:
    tokens = drawn(FIRST_TOKENS - 1)
    expected = whole(stage, voices[1], tokens)
    (given,) = windows(unfolding(stage, voices[1]), stage, tokens)
    assert np.array_equal(given, expected)
    (marked,) = windows(unfolding(stage, voices[1], watermark), stage, tokens)
    assert np.array_equal(marked, watermark.mark(expected))


def test_the_first_window_gives_a_quarter_of_a_second(stage: Stage, voices: list[Heard], watermark: Watermark) -> None:
    tokens = drawn(FIRST_TOKENS + 1)
    assert len(windows(unfolding(stage, voices[0]), stage, tokens)[0]) == 0.36 * RATE
    assert 0.25 * RATE < len(windows(unfolding(stage, voices[0], watermark), stage, tokens)[0]) < 0.26 * RATE


def test_of_the_same_frames_it_says_what_the_whole_does(stages: Callable[[str], Stage], voices: list[Heard]) -> None:
    stage, noise = stages("turbo"), Indexed(SEED, CPU)
    (mel,) = stage.renderer.mels([stage.piece(drawn(45), voices[0], SEED)])
    expected = stage.renderer.waveform(mel, noise)
    unfolding_ = unfolding(stage, voices[0])
    given = [unfolding_.samples(mel[:count], ended=False) for count in (24, 54)]
    said = np.concatenate([*given, unfolding_.samples(mel, ended=True)])
    assert len(said) == len(expected)
    for window in np.cumsum([len(each) for each in given]):
        last, settled = slice(window - FRAME, window), slice(window - 11 * FRAME, window - 10 * FRAME)
        assert decibels(said[last] - expected[last], expected[last]) < AHEAD_DB
        assert decibels(said[settled] - expected[settled], expected[settled]) < SETTLED_DB
        after = slice(window + CROSSED_SAMPLES, window + FRAME)
        assert decibels(said[after] - expected[after], expected[after]) < SETTLED_DB


def test_frames_that_were_heard_stay_and_the_next_come_out_of_what_was_to_follow() -> None:
    given: list[Tensor] = []
    unfolding_ = flat(lambda mel: given.append(mel.clone()))
    for count, level, ended in ((24, 0.0, False), (54, 1.0, False), (60, 2.0, True)):
        unfolding_.samples(torch.full((count, 80), level), ended=ended)
    levels = given[-1][:, 0]
    assert not levels[: 24 - HELD_FRAMES].any()
    assert (levels[24 : 54 - HELD_FRAMES] == 1).all()
    assert (levels[54:] == 2).all()
    torch.testing.assert_close(levels.diff().max(), torch.tensor(1 / (HELD_FRAMES + 1)))


def test_samples_come_out_of_those_that_were_to_follow() -> None:
    unfolding_ = flat()
    levels = ((24, 0.0, False), (54, 0.5, False), (60, -0.5, True))
    said = np.concatenate([unfolding_.samples(torch.full((c, 80), level), ended=e) for c, level, e in levels])
    assert len(said) == 60 * FRAME
    assert (said[0], said[25 * FRAME], said[-1]) == (0.0, 0.5, -0.5)
    assert np.abs(np.diff(said)).max() < 1.1 / CROSSED_SAMPLES


def test_a_window_that_brings_nothing_new_gives_nothing(stage: Stage, voices: list[Heard]) -> None:
    tokens = drawn(40)
    given = windows(unfolding(stage, voices[0]), stage, tokens, counts=(20, 21, 22, 24, 39))
    assert sum(map(len, given)) == len(whole(stage, voices[0], tokens))
    unfolding_ = unfolding(stage, voices[0])
    mel = torch.full((30, 80), -6.0)
    assert len(unfolding_.samples(mel, ended=False))
    assert not len(unfolding_.samples(mel[:20], ended=False))
    assert not len(unfolding_.samples(mel[:24], ended=True))


def test_the_end_of_a_tail_that_is_shorter_than_what_is_crossed_comes(
    stages: Callable[[str], Stage], voices: list[Heard]
) -> None:
    stage = stages("original")
    tokens = drawn(FIRST_TOKENS + 1)
    given = windows(unfolding(stage, voices[0]), stage, tokens)
    assert [len(each) for each in given] == [18 * FRAME, (2 * len(tokens) - 18) * FRAME]


class Flat:
    """A renderer whose samples are what the last frame of its window says."""

    def __init__(self, told: Callable[[Tensor], object]) -> None:
        self._told = told

    def waveform(self, mel: Tensor, _: object) -> Samples:
        self._told(mel)
        return np.full(FRAME * len(mel), float(mel[-1, 0]), dtype=np.float32)


def flat(told: Callable[[Tensor], object] = len) -> Unfolding:
    nothing = torch.zeros(0)
    voice = Heard(tokens=nothing, mel=nothing, x_vector=nothing)
    return Unfolding(cast("Renderer", Flat(told)), voice, Indexed(SEED, CPU), None)


def decibels(samples: Samples, reference: Samples) -> float:
    """How loud `samples` are beside `reference`."""
    return float(10 * np.log10((np.square(samples).sum() + 1e-30) / np.square(reference).sum()))
