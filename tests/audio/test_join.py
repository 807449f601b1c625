from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.audio.seams import dip_db
from tests.audio.signals import noise, starts, tone, whole, with_words
from worker.audio.clip import concatenate, silence
from worker.audio.fades import ATTACK_SEC, CUT_SEC
from worker.audio.join import Part, joined
from worker.audio.room_tone import RoomTone

RATE = 24_000
TONE_STEP = 0.5 * 2 * np.pi * 220 / RATE
"""The steepest step inside a 220 Hz tone of level 0.5."""
FADE_STEP = 0.5 * np.pi / 2 / (ATTACK_SEC * RATE)
"""The steepest step of the shortest fade itself on that level; a join may not be steeper than both together."""
TWO_AT_ONCE = 2**0.5
"""How much steeper two tones in phase are that cross-fade at equal power."""


@settings(deadline=None, max_examples=30)
@given(phases=st.lists(st.floats(0, 2 * np.pi), min_size=2, max_size=8), pause=st.sampled_from((0.0, 0.1)))
def test_no_join_clicks_whatever_the_phases(phases: list[float], pause: float) -> None:
    parts = [Part(clip=tone(220, 0.05, RATE, phase=phase), pause_sec=pause) for phase in phases]
    samples = whole(joined(parts), RATE).samples
    steepest = TONE_STEP + FADE_STEP if pause else TWO_AT_ONCE * TONE_STEP + FADE_STEP
    assert np.abs(np.diff(samples, prepend=0.0, append=0.0)).max() < steepest


def test_without_fades_the_same_measure_sees_the_clicks() -> None:
    parts = [Part(clip=tone(220, 0.05, RATE, phase=phase), fades_in=False, fades_out=False) for phase in (1.5, 4.5)]
    samples = whole(joined(parts), RATE).samples
    assert np.abs(np.diff(samples)).max() > 5 * (TWO_AT_ONCE * TONE_STEP + FADE_STEP)


@settings(deadline=None, max_examples=50)
@given(
    lengths=st.lists(st.integers(0, 2_000), max_size=6),
    lead_sec=st.sampled_from((0.0, 0.01, 0.3)),
    pause_sec=st.sampled_from((0.0, 0.01, 0.123456, 0.3)),
    sample_rate=st.sampled_from((8_000, 22_050, 44_100)),
    has_tone=st.booleans(),
)
def test_lengths_are_exact_to_the_sample(
    lengths: list[int], lead_sec: float, pause_sec: float, sample_rate: int, has_tone: bool
) -> None:
    parts = [Part(clip=noise(frames, sample_rate), lead_sec=lead_sec, pause_sec=pause_sec) for frames in lengths]
    silent = round(lead_sec * sample_rate) + round(pause_sec * sample_rate)
    clips = list(joined(parts, room_tone=RoomTone(1) if has_tone else None))
    assert [part.frames for part in parts] == [silent + frames for frames in lengths]
    assert len(whole(clips, sample_rate).samples) == sum(part.frames for part in parts)
    assert not pause_sec or [len(clip.samples) for clip in clips] == [part.frames for part in parts]


def test_silences_are_zeros_and_the_middle_is_untouched() -> None:
    clip = noise(2_400, RATE)
    (out,) = joined([Part(clip=clip, lead_sec=0.1, pause_sec=0.2)])
    attack, ending = round(ATTACK_SEC * RATE), round(CUT_SEC * RATE)
    assert not out.samples[:2_400].any()
    assert not out.samples[4_800:].any()
    assert np.array_equal(out.samples[2_400 + attack : 4_800 - ending], clip.samples[attack:-ending])


def test_edges_that_are_silent_are_not_touched() -> None:
    spoken = concatenate((silence(0.01, RATE), tone(220, 0.2, RATE), silence(0.01, RATE)), RATE)
    for pause_sec in (0.0, 0.1):
        out = whole(joined([Part(clip=spoken, pause_sec=pause_sec)] * 2), RATE).samples
        assert np.array_equal(out[: len(spoken.samples)], spoken.samples)
        assert np.array_equal(
            out[-len(spoken.samples) - round(pause_sec * RATE) :][: len(spoken.samples)], spoken.samples
        )


def test_where_hiss_meets_hiss_without_a_pause_neither_dips() -> None:
    parts = [Part(clip=noise(4_800, RATE, level=0.01, seed=seed)) for seed in range(8)]
    out = whole(joined(parts), RATE).samples
    assert min(dip_db(out, 4_800 * seam, RATE) for seam in range(1, 8)) > -2.0


def test_a_clip_before_a_lead_fades_out_though_it_has_no_pause() -> None:
    parts = [Part(clip=tone(220, 0.2, RATE, phase=1.5)), Part(clip=tone(220, 0.2, RATE), lead_sec=0.1)]
    out = whole(joined(parts), RATE).samples
    assert not out[4_800:7_200].any()
    assert np.abs(np.diff(out)).max() < TONE_STEP + FADE_STEP


def test_room_tone_fills_every_silence_and_takes_over_without_a_step() -> None:
    hiss = [noise(24_000, RATE, level=10 ** (-65 / 20), seed=seed) for seed in range(3)]
    parts = [Part(clip=clip, lead_sec=0.2, pause_sec=0.5) for clip in hiss]
    out = whole(joined(parts, room_tone=RoomTone(1)), RATE).samples
    levels = 20 * np.log10(np.sqrt(np.mean(out.reshape(-1, 2_400).astype(np.float64) ** 2, axis=1)))
    assert np.abs(levels[1:] + 65).max() < 1.5


def test_room_tone_leaves_speech_and_its_timing_alone() -> None:
    parts = [Part(clip=with_words(tone(220, 0.5, RATE)), lead_sec=0.1, pause_sec=0.2) for _ in range(3)]
    bare, toned = whole(joined(parts), RATE), whole(joined(parts, room_tone=RoomTone(1)), RATE)
    assert starts(bare) == starts(toned)
    inside = slice(2_400 + 720, 2_400 + 12_000 - 720)
    assert np.array_equal(bare.samples[inside], toned.samples[inside])


def test_the_engine_s_own_samples_are_not_written_to() -> None:
    clip = noise(2_400, RATE)
    before = clip.samples.copy()
    list(joined([Part(clip=clip)]))
    assert np.array_equal(clip.samples, before)


def test_a_clip_that_goes_on_is_joined_sample_for_sample() -> None:
    clip = noise(4_800, RATE)
    parts = [
        Part(clip=replace(clip, samples=clip.samples[:1_000]), fades_out=False),
        Part(clip=replace(clip, samples=clip.samples[1_000:]), fades_in=False),
    ]
    faded_once = whole(joined([Part(clip=clip)]), RATE)
    assert np.array_equal(whole(joined(parts), RATE).samples, faded_once.samples)


def test_words_move_by_the_lead() -> None:
    clip = with_words(noise(2_400, RATE))
    out = whole(joined([Part(clip=clip, lead_sec=0.25)]), RATE)
    assert starts(out) == [start + 0.25 for start in starts(clip)]


def test_words_of_a_clip_that_is_held_back_stay_where_they_are_spoken() -> None:
    clip = with_words(noise(2_400, RATE))
    out = whole(joined([Part(clip=clip)] * 3), RATE)
    assert starts(out) == pytest.approx([start + number * 0.1 for number in range(3) for start in starts(clip)])


def test_parts_of_two_sample_rates_are_refused() -> None:
    parts = [Part(clip=noise(10, 8_000)), Part(clip=noise(10, 16_000))]
    with pytest.raises(ValueError, match="16000 Hz"):
        list(joined(parts))


def test_parts_are_joined_as_they_come() -> None:
    def parts():
        yield Part(clip=noise(100, RATE))
        raise AssertionError("asked for a part too early")

    next(joined(parts()))
