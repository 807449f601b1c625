from __future__ import annotations

import numpy as np
import pytest

from tests.audio.signals import noise, tone
from worker.audio.continuation import continued

RATE = 24_000
TEN_MS = 240


@pytest.mark.parametrize("phase", [0.0, 1.0, 2.5, 4.0])
def test_a_tone_goes_on_as_itself(phase: float) -> None:
    whole = tone(220, 0.04, RATE, phase=phase).samples
    going_on = continued(whole[:-TEN_MS], TEN_MS)
    assert np.abs(going_on[:24] - whole[-TEN_MS:][:24]).max() < 0.05
    assert np.sqrt(np.mean(going_on**2)) == pytest.approx(0.35, abs=0.15)


def test_noise_goes_on_as_loud_as_it_was() -> None:
    levels = [continued(noise(720, RATE, seed=seed).samples, TEN_MS).std() for seed in range(20)]
    assert np.mean(levels) == pytest.approx(0.2, rel=0.1)


@pytest.mark.parametrize("frames", [0, 1, 3, 4, 100])
def test_however_little_there_is_it_stays_finite_and_bounded(frames: int) -> None:
    going_on = continued(noise(frames, RATE).samples, 1_000)
    assert going_on.shape == (1_000,)
    assert going_on.dtype == np.float32
    assert np.abs(going_on).max(initial=0.0) < 2.0


def test_silence_goes_on_as_silence() -> None:
    assert not continued(np.zeros(720, dtype=np.float32), TEN_MS).any()
