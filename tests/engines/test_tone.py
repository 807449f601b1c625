"""Speakers blended by the tone engine have a pitch between theirs, as ears measure it."""

from __future__ import annotations

import numpy as np
import pytest

from voice_library.voice import Embedding, Voice
from worker.engines.tone import F0, ToneEngine


def at(hertz: float) -> Voice:
    embeddings = {ToneEngine.embedding_key: Embedding({F0: np.float32([hertz])})}
    return Voice(id="speaker", names=("Speaker",), language="en", gender="male", embeddings=embeddings)


def blended(*parts: tuple[Voice, float]) -> float:
    return float(ToneEngine().blend(parts)[F0][0])


def test_the_middle_of_two_octaves_is_the_octave_between() -> None:
    assert blended((at(200), 1), (at(800), 1)) == pytest.approx(400)


def test_a_speaker_of_thrice_the_weight_is_thrice_as_near() -> None:
    assert blended((at(100), 3), (at(1600), 1)) == pytest.approx(200)


def test_its_own_voices_can_be_part_of_a_blend() -> None:
    female, male = ToneEngine().voices[:2]
    assert blended((female, 1)) == 330
    assert blended((female, 1), (male, 1)) == pytest.approx(np.sqrt(330 * 220))


@pytest.mark.parametrize("hertz", [30.0, 2000.0])
def test_a_blend_of_the_most_extreme_fits_as_they_do(hertz: float) -> None:
    engine = ToneEngine()
    blend = engine.blend([(at(hertz), 0.1), (at(hertz), 0.2), (at(hertz), 0.7)])
    assert blend[F0][0] == hertz
    assert engine.fits(blend)
