"""The fundamental, heard in every kind of voice and in nothing else."""

from __future__ import annotations

import numpy as np
import pytest

from tests.audio.signals import noise, tone
from tests.jobs.speakers import sung
from worker.audio.clip import Clip
from worker.audio.pitch import HOP_SEC, pitch_hz

TOLERANCE = 0.003
"""Lags are whole samples, refined by a parabola: 900 Hz is 18 samples at 16 kHz."""


@pytest.mark.parametrize("sample_rate", [8000, 16_000, 44_100])
@pytest.mark.parametrize("hertz", [82.4, 110.0, 220.0, 440.0, 900.0])
def test_a_voice_has_the_pitch_it_sings(hertz: float, sample_rate: int) -> None:
    pitches = pitch_hz(sung(hertz, 2.0, sample_rate))
    assert np.nanmedian(pitches) == pytest.approx(hertz, rel=TOLERANCE)
    assert np.nanmax(np.abs(pitches / hertz - 1)[3:-3]) < 0.1


def test_a_pure_tone_is_not_heard_an_octave_away() -> None:
    assert np.nanmedian(pitch_hz(tone(333.0, 1.0, 16_000))) == pytest.approx(333.0, rel=TOLERANCE)


def test_noise_and_silence_have_no_pitch() -> None:
    assert np.isnan(pitch_hz(noise(32_000, 16_000))).mean() > 0.99
    assert np.isnan(pitch_hz(Clip(samples=np.zeros(32_000, dtype=np.float32), sample_rate=16_000))).all()


def test_there_is_a_value_for_each_hop() -> None:
    assert len(pitch_hz(tone(200.0, 1.0, 16_000))) == pytest.approx(1 / HOP_SEC, abs=1)


@pytest.mark.parametrize("frames", [0, 1, 100])
def test_a_recording_shorter_than_a_frame_is_measured_as_it_is(frames: int) -> None:
    assert len(pitch_hz(Clip(samples=np.zeros(frames, dtype=np.float32), sample_rate=16_000))) <= 2
