"""The measures find what was put in."""

from __future__ import annotations

import numpy as np
import pytest

from tests.audio.signals import noise, tone
from tests.hearing.acoustics import harmonic_pitch_hz, lufs, peak_db, rt60_sec, speech_sec, true_peak_db
from tests.jobs.speakers import sung
from worker.audio.clip import Clip, Samples

RATE = 24_000


def decaying(wanted_sec: float) -> Samples:
    time_sec = np.arange(2 * RATE) / RATE
    return (noise(2 * RATE, RATE).samples * 10 ** (-3 * time_sec / wanted_sec)).astype(np.float32)


@pytest.mark.parametrize("wanted_sec", [0.3, 0.6, 1.2])
def test_noise_that_decays_has_the_decay_that_it_was_given(wanted_sec: float) -> None:
    assert rt60_sec(decaying(wanted_sec), RATE) == pytest.approx(wanted_sec, rel=0.05)


@pytest.mark.parametrize("hertz", [85.0, 105.0, 210.0, 400.0])
def test_a_voice_has_the_pitch_that_it_sings(hertz: float) -> None:
    assert harmonic_pitch_hz(sung(hertz)) == pytest.approx(hertz, rel=0.01)


def test_pauses_are_no_speech_and_closed_lips_are() -> None:
    pause, closure = (np.zeros(round(sec * RATE), dtype=np.float32) for sec in (0.3, 0.05))
    said = noise(RATE, RATE).samples
    clip = Clip(samples=np.concatenate((pause, said, closure, said, pause, said)), sample_rate=RATE)
    assert speech_sec(clip) == pytest.approx(3.05, abs=0.01)


def test_a_sine_of_997_hertz_at_full_scale_is_at_minus_3_lufs() -> None:
    assert lufs(tone(997, 5.0, 48_000, level=1.0)) == pytest.approx(-3.01, abs=0.05)


def test_a_wave_may_rise_between_its_samples() -> None:
    between = tone(6_000, 1.0, RATE, level=1.0, phase=np.pi / 4)
    assert peak_db(between) == pytest.approx(-3.01, abs=0.01)
    assert true_peak_db(between) == pytest.approx(0.0, abs=0.2)
