from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests.audio.signals import noise, tone
from worker.audio.clip import Clip, concatenate, silence
from worker.audio.offset import LEAST_OFFSET, centred

RATE = 24_000
SPEECH = concatenate((silence(0.1, RATE), tone(220, 0.4, RATE), silence(0.1, RATE)), RATE)


def moved(clip: Clip, offset: float) -> Clip:
    return replace(clip, samples=clip.samples + np.float32(offset))


@pytest.mark.parametrize("offset", [0.3, 0.03, -0.03, 2 * LEAST_OFFSET])
def test_silence_comes_back_to_zero(offset: float) -> None:
    assert np.abs(centred(moved(SPEECH, offset)).samples - SPEECH.samples).max() < LEAST_OFFSET / 4


def test_a_clip_without_silence_comes_back_to_its_mean() -> None:
    clip = tone(220, 0.5, RATE)
    assert abs(float(centred(moved(clip, 0.05)).samples.mean())) < LEAST_OFFSET


@pytest.mark.parametrize(
    "clip",
    [
        SPEECH,
        moved(SPEECH, LEAST_OFFSET / 2),
        noise(RATE, RATE),
        # A voice that swings further to one side than to the other, among silence.
        concatenate((silence(0.2, RATE), replace(SPEECH, samples=np.maximum(SPEECH.samples, -0.2))), RATE),
        # A slow swing, such as the onset of a voiced consonant has.
        concatenate((moved(tone(220, 0.1, RATE, level=0.005), 0.01), tone(220, 0.2, RATE)), RATE),
        silence(0.0, RATE),
        silence(0.001, RATE),
    ],
)
def test_a_voice_without_an_offset_comes_back_as_it_is(clip: Clip) -> None:
    assert centred(clip) is clip
