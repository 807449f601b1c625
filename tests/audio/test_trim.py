from __future__ import annotations

from dataclasses import replace

import numpy as np

from tests.audio.signals import noise, starts, tone
from worker.audio.clip import Clip, Word, concatenate, silence
from worker.audio.trim import BLOCK_SEC, trim

RATE = 10_000
SPEECH = tone(100, 0.5, RATE, phase=np.pi / 2)


def padded(lead_sec: float, tail_sec: float) -> Clip:
    return concatenate((silence(lead_sec, RATE), SPEECH, silence(tail_sec, RATE)), RATE)


def test_silence_at_the_ends_goes_save_the_margin() -> None:
    clip = trim(padded(0.4, 0.7), keep_sec=0.03)
    assert len(clip.samples) == len(SPEECH.samples) + 2 * 300
    assert np.array_equal(clip.samples[300:-300], SPEECH.samples)


def test_less_silence_than_the_margin_stays_whole() -> None:
    clip = padded(0.01, 0.02)
    assert np.array_equal(trim(clip).samples, clip.samples)


def test_silence_inside_is_never_removed() -> None:
    clip = concatenate((SPEECH, silence(2.0, RATE), SPEECH), RATE)
    assert np.array_equal(trim(clip).samples, clip.samples)


def test_the_threshold_is_relative_to_the_peak_of_the_clip() -> None:
    hiss = replace(SPEECH, samples=SPEECH.samples * np.float32(10 ** (-40 / 20)))
    clip = concatenate((hiss, SPEECH), RATE)
    for gain in (1.0, 0.001):
        quiet = replace(clip, samples=clip.samples * np.float32(gain))
        assert len(trim(quiet, threshold_db=-50.0).samples) == len(clip.samples)
        assert len(trim(quiet, threshold_db=-30.0, keep_sec=0.0).samples) == len(SPEECH.samples)


def test_a_silent_an_empty_and_a_broken_clip_come_back_as_they_are() -> None:
    broken = replace(SPEECH, samples=np.full(10, np.nan, dtype=np.float32))
    for clip in (silence(1.0, RATE), noise(0, RATE), broken):
        assert trim(clip) is clip


def test_words_move_with_the_cut_and_stay_inside_the_clip() -> None:
    words = tuple(Word(text="w", start_sec=start_sec) for start_sec in (0.1, 0.4, 0.6, 1.5))
    clip = trim(replace(padded(0.4, 0.7), words=words), keep_sec=0.0)
    assert [round(start, 6) for start in starts(clip)] == [0.0, 0.0, 0.2, 0.5]


def test_noise_at_the_ends_goes_where_it_is_steady() -> None:
    hiss = noise(17_000, RATE, level=0.5 * 10 ** (-50 / 20)).samples
    clip = replace(padded(0.5, 0.7), samples=padded(0.5, 0.7).samples + hiss)
    assert len(trim(clip, keep_sec=0.0).samples) <= len(SPEECH.samples) + 2 * round(BLOCK_SEC * RATE)


def test_a_soft_consonant_at_the_end_stays() -> None:
    consonant = noise(1_000, RATE, level=0.5 * 10 ** (-38 / 20))
    clip = concatenate((SPEECH, consonant, silence(0.5, RATE)), RATE)
    assert len(trim(clip, keep_sec=0.0).samples) >= len(SPEECH.samples) + 950


def test_a_soft_end_is_not_taken_for_noise_where_the_clip_has_silence() -> None:
    soft = tone(100, 0.07, RATE, level=0.5 * 10 ** (-46 / 20))
    clip = concatenate((SPEECH, silence(0.02, RATE), soft), RATE)
    assert len(trim(clip, keep_sec=0.0).samples) > len(clip.samples) - 2 * round(BLOCK_SEC * RATE)
