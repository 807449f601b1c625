"""Pieces of a recording: short enough, nothing lost, and cut where it is quiet."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.audio.signals import noise
from worker.audio.clip import Clip
from worker.audio.cut import cut


@given(st.integers(0, 30_000), st.floats(0.001, 3.0), st.sampled_from([1000, 4000, 22_050]))
def test_the_pieces_are_the_recording_and_none_is_too_long(frames: int, max_sec: float, sample_rate: int) -> None:
    clip = noise(frames, sample_rate)
    pieces = cut(clip, max_sec)
    assert np.array_equal(np.concatenate([piece.samples for piece in pieces]), clip.samples)
    assert all(len(piece.samples) <= max_sec * sample_rate for piece in pieces)
    assert all(len(piece.samples) for piece in pieces) or not frames
    assert {piece.sample_rate for piece in pieces} == {sample_rate}


def test_a_recording_that_fits_is_one_piece() -> None:
    clip = noise(10_000, 1000)
    (piece,) = cut(clip, 10.0)
    assert np.array_equal(piece.samples, clip.samples)


@pytest.mark.parametrize("duration_sec", [10.01, 12.0, 19.9, 20.0, 35.0, 95.0])
def test_no_piece_is_a_crumb(duration_sec: float) -> None:
    for piece in cut(noise(round(duration_sec * 1000), 1000), 10.0):
        assert piece.duration_sec > 3.0


def test_cuts_lie_in_the_pauses() -> None:
    clip = noise(60 * 8000, 8000)
    pauses = [(start, start + 0.3) for start in np.arange(4.0, 60.0, 5.0)]
    for start, end in pauses:
        clip.samples[round(start * 8000) : round(end * 8000)] *= 0.01
    pieces = cut(clip, 20.0)
    edges = np.cumsum([piece.duration_sec for piece in pieces])[:-1]
    assert len(edges) == 3
    for edge in edges:
        assert any(start <= edge <= end for start, end in pauses)


def test_a_bound_below_a_sample_is_refused() -> None:
    with pytest.raises(ValueError, match="sample"):
        cut(Clip(samples=np.zeros(9, dtype=np.float32), sample_rate=8000), 0.0001)
