from __future__ import annotations

import numpy as np

from tests.audio.signals import starts
from worker.audio.clip import Clip, Word
from worker.audio.timeline import Timeline

TEN = np.zeros(10, dtype=np.float32)
NONE = np.zeros(0, dtype=np.float32)


def clip_with(*start_secs: float) -> Clip:
    words = tuple(Word(text="w", start_sec=start_sec) for start_sec in start_secs)
    return Clip(samples=TEN, sample_rate=10, words=words)


def test_a_word_waits_for_the_clip_its_moment_falls_in() -> None:
    timeline = Timeline(10, 10)
    timeline.take(clip_with(0.0, 0.8))
    assert starts(timeline.give(TEN[:5])) == [0.0]
    assert [round(start, 9) for start in starts(timeline.give(TEN[:5]))] == [0.3]


def test_words_of_a_later_clip_are_timed_from_the_start_of_the_stream() -> None:
    timeline = Timeline(10, 20)
    timeline.take(clip_with())
    timeline.take(clip_with(0.5))
    assert starts(timeline.give(np.zeros(40, dtype=np.float32))) == [1.5]


def test_the_last_clip_brings_words_that_start_at_the_very_end() -> None:
    timeline = Timeline(10, 10)
    timeline.take(clip_with(1.0))
    assert starts(timeline.give(TEN)) == []
    last = timeline.give_last(NONE)
    assert last is not None
    assert starts(last) == [0.0]


def test_there_is_no_last_clip_when_nothing_is_left() -> None:
    assert Timeline(10, 10).give_last(NONE) is None
