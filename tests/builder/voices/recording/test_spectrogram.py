"""A tone lies in the row of its pitch, and at full level."""

from __future__ import annotations

import numpy as np
import pytest

from builder.voices.recording.spectrogram import ROWS, mel, spectrogram
from tests.audio.signals import tone


@pytest.mark.parametrize("hertz", [300.0, 1000.0, 7000.0])
@pytest.mark.parametrize("rate", [16_000, 22_050, 48_000])
def test_a_tone_lies_in_the_row_of_its_pitch(hertz: float, rate: int) -> None:
    levels_db, highest_hz = spectrogram(tone(hertz, 2.0, rate), 100)
    assert levels_db.shape == (ROWS, 100)
    assert highest_hz == min(12_000, rate / 2)
    assert levels_db.max() == 0
    middle = levels_db[:, 50]
    row = mel(hertz) / mel(highest_hz) * (ROWS - 1)
    assert np.argmax(middle) == pytest.approx(row, abs=4)
