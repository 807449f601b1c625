from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests.audio.signals import noise, peak_hertz, starts, tone, with_words
from worker.audio.clip import Samples
from worker.audio.stretch import stretch

RATE = 24_000
ONSET_TOLERANCE_SEC = 0.005
"""A transient spreads inside a 120 ms window of overlapping blocks; 5 ms is under what an ear can time."""
EDGE_TOLERANCE = 0.2
"""The first and last blocks overlap with silence; inside, a tone keeps its level within 5 %."""
TEMPOS = (0.25, 0.5, 0.8, 1.25, 2.0, 4.0)


def rms(samples: Samples) -> float:
    return float(np.sqrt(np.mean(np.square(samples))))


def test_a_stretch_by_nothing_is_the_same_object() -> None:
    clip = tone(220, 0.1, RATE)
    assert stretch(clip) is clip


@pytest.mark.parametrize("semitones", [-7.0, -3.0, 4.0, 12.0])
def test_pitch_moves_by_the_semitones_asked_for_and_length_stays(semitones: float) -> None:
    clip = stretch(tone(220, 1.0, RATE), pitch_semitones=semitones)
    assert len(clip.samples) == RATE
    assert clip.samples.dtype == np.float32
    assert peak_hertz(clip.samples, RATE) == pytest.approx(220 * 2 ** (semitones / 12), rel=0.01)


@pytest.mark.parametrize("tempo", TEMPOS)
def test_tempo_changes_length_exactly_and_keeps_the_frequency(tempo: float) -> None:
    clip = stretch(tone(220, 1.0, RATE), tempo=tempo)
    assert len(clip.samples) == round(RATE / tempo)
    assert peak_hertz(clip.samples, RATE) == pytest.approx(220, rel=0.01)


@pytest.mark.parametrize("tempo", TEMPOS)
def test_a_steady_tone_keeps_its_level_to_the_ends(tempo: float) -> None:
    before = tone(220, 1.0, RATE)
    after = stretch(before, tempo=tempo)
    for part in np.array_split(after.samples, 10):
        assert rms(part) == pytest.approx(rms(before.samples), rel=EDGE_TOLERANCE)


@pytest.mark.parametrize(("tempo", "semitones"), [(0.8, 0.0), (1.25, 0.0), (1.0, 4.0)])
def test_the_first_and_last_hundredth_of_a_second_are_not_lost(tempo: float, semitones: float) -> None:
    before = tone(220, 1.0, RATE)
    after = stretch(before, tempo=tempo, pitch_semitones=semitones)
    for edge in (after.samples[:240], after.samples[-240:]):
        assert rms(edge) > 0.8 * rms(before.samples)


@pytest.mark.parametrize("tempo", [0.5, 0.8, 1.25, 2.0])
@pytest.mark.parametrize("at_sec", [0.01, 0.5, 0.98])
def test_a_click_lands_where_the_tempo_puts_it(tempo: float, at_sec: float) -> None:
    clip = noise(RATE, RATE, level=0.0)
    clip.samples[round(at_sec * RATE)] = 1.0
    landed_sec = int(np.argmax(np.abs(stretch(clip, tempo=tempo).samples))) / RATE
    assert landed_sec == pytest.approx(at_sec / tempo, abs=ONSET_TOLERANCE_SEC)


@pytest.mark.parametrize("frames", [1, 2, 7, 100, 700, 1_199])
@pytest.mark.parametrize("tempo", [0.5, 1.25, 4.0])
def test_a_clip_shorter_than_a_window_still_stretches(frames: int, tempo: float) -> None:
    clip = stretch(noise(frames, RATE), tempo=tempo, pitch_semitones=2)
    assert len(clip.samples) == round(frames / tempo)
    assert np.isfinite(clip.samples).all()


def test_a_short_clip_keeps_its_energy() -> None:
    before = tone(1_000, 0.04, RATE)
    assert rms(stretch(before, pitch_semitones=3).samples) > 0.6 * rms(before.samples)


def test_an_empty_clip_stays_empty() -> None:
    assert len(stretch(noise(0, RATE), tempo=2.0).samples) == 0


def test_words_move_with_the_tempo_and_not_with_the_pitch() -> None:
    clip = with_words(noise(RATE, RATE))
    assert starts(stretch(clip, tempo=2.0)) == [start / 2.0 for start in starts(clip)]
    assert starts(stretch(clip, pitch_semitones=1.0)) == starts(clip)


def test_the_same_clip_gives_the_same_samples() -> None:
    clip = noise(RATE, RATE)
    assert np.array_equal(stretch(clip, tempo=0.3).samples, stretch(replace(clip), tempo=0.3).samples)


@pytest.mark.parametrize("tempo", [0.0, -1.0])
def test_a_tempo_that_is_not_over_zero_is_refused(tempo: float) -> None:
    with pytest.raises(ValueError, match="tempo"):
        stretch(tone(220, 0.1, RATE), tempo=tempo)
