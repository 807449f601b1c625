from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.audio.signals import noise, starts, tone, whole, with_words
from worker.audio.join import FADE_SEC, Part, joined

RATE = 24_000
TONE_STEP = 0.5 * 2 * np.pi * 220 / RATE
"""The steepest step inside a 220 Hz tone of level 0.5."""
FADE_STEP = 0.5 * np.pi / 2 / (FADE_SEC * RATE)
"""The steepest step of the fade itself on that level; a join may not be steeper than both together."""


@settings(deadline=None, max_examples=30)
@given(phases=st.lists(st.floats(0, 2 * np.pi), min_size=2, max_size=8), pause=st.sampled_from((0.0, 0.1)))
def test_no_join_clicks_whatever_the_phases(phases: list[float], pause: float) -> None:
    parts = [Part(clip=tone(220, 0.05, RATE, phase=phase), pause_sec=pause) for phase in phases]
    samples = whole(joined(parts), RATE).samples
    assert np.abs(np.diff(samples, prepend=0.0, append=0.0)).max() < TONE_STEP + FADE_STEP


def test_without_fades_the_same_measure_sees_the_clicks() -> None:
    parts = [Part(clip=tone(220, 0.05, RATE, phase=phase), fades_in=False, fades_out=False) for phase in (1.5, 4.5)]
    samples = whole(joined(parts), RATE).samples
    assert np.abs(np.diff(samples)).max() > 5 * (TONE_STEP + FADE_STEP)


@settings(deadline=None, max_examples=50)
@given(
    lengths=st.lists(st.integers(0, 2_000), max_size=6),
    lead_sec=st.floats(0, 0.3),
    pause_sec=st.floats(0, 0.3),
    sample_rate=st.sampled_from((8_000, 22_050, 44_100)),
)
def test_lengths_are_exact_to_the_sample(
    lengths: list[int], lead_sec: float, pause_sec: float, sample_rate: int
) -> None:
    parts = [Part(clip=noise(frames, sample_rate), lead_sec=lead_sec, pause_sec=pause_sec) for frames in lengths]
    silent = round(lead_sec * sample_rate) + round(pause_sec * sample_rate)
    assert [len(clip.samples) for clip in joined(parts)] == [silent + frames for frames in lengths]


def test_silences_are_zeros_and_the_middle_is_untouched() -> None:
    clip = noise(2_400, RATE)
    (out,) = joined([Part(clip=clip, lead_sec=0.1, pause_sec=0.2)])
    fade = round(FADE_SEC * RATE)
    assert not out.samples[:2_400].any()
    assert not out.samples[4_800:].any()
    assert np.array_equal(out.samples[2_400 + fade : 4_800 - fade], clip.samples[fade:-fade])


def test_the_engine_s_own_samples_are_not_written_to() -> None:
    clip = noise(2_400, RATE)
    before = clip.samples.copy()
    list(joined([Part(clip=clip)]))
    assert np.array_equal(clip.samples, before)


def test_a_clip_that_goes_on_is_joined_sample_for_sample() -> None:
    clip = noise(2_400, RATE)
    parts = [
        Part(clip=replace(clip, samples=clip.samples[:1_000]), fades_out=False),
        Part(clip=replace(clip, samples=clip.samples[1_000:]), fades_in=False),
    ]
    (faded_once,) = joined([Part(clip=clip)])
    assert np.array_equal(whole(joined(parts), RATE).samples, faded_once.samples)


def test_words_move_by_the_lead() -> None:
    clip = with_words(noise(2_400, RATE))
    (out,) = joined([Part(clip=clip, lead_sec=0.25)])
    assert starts(out) == [start + 0.25 for start in starts(clip)]


def test_parts_of_two_sample_rates_are_refused() -> None:
    parts = [Part(clip=noise(10, 8_000)), Part(clip=noise(10, 16_000))]
    with pytest.raises(ValueError, match="16000 Hz"):
        list(joined(parts))


def test_parts_are_joined_as_they_come() -> None:
    def parts():
        yield Part(clip=noise(100, RATE))
        raise AssertionError("asked for a part too early")

    next(joined(parts()))
