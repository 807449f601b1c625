from __future__ import annotations

import numpy as np
import pytest

from tests.audio.signals import cut, noise, starts, with_words
from worker.audio.clip import Clip, Word, concatenate, moved, silence


def test_silence_is_rounded_to_the_nearest_sample() -> None:
    assert len(silence(0.1, 22_050).samples) == 2_205
    assert len(silence(0.0001, 8_000).samples) == 1


def test_concatenating_undoes_cutting_words_included() -> None:
    clip = with_words(noise(1_000, 8_000))
    again = concatenate(cut(clip, [0.1, 0.1, 0.77]), 8_000)
    assert np.array_equal(again.samples, clip.samples)
    assert starts(again) == pytest.approx(starts(clip))


def test_nothing_concatenated_is_an_empty_clip() -> None:
    empty = concatenate((), 8_000)
    assert empty.samples.dtype == np.float32
    assert empty.duration_sec == 0.0


def test_clips_of_two_sample_rates_cannot_be_concatenated() -> None:
    with pytest.raises(ValueError, match="16000 Hz"):
        concatenate((silence(1, 8_000), silence(1, 16_000)), 8_000)


def test_moved_words_keep_their_text() -> None:
    assert moved((Word(text="one", start_sec=1.0),), 0.5) == (Word(text="one", start_sec=1.5),)


def test_a_clip_knows_its_duration() -> None:
    assert Clip(samples=np.zeros(12_000, dtype=np.float32), sample_rate=24_000).duration_sec == 0.5
