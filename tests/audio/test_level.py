from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.audio.signals import cut, cuts, noise, starts, tone, whole, with_words
from worker.audio.clip import silence
from worker.audio.level import (
    HOLD_SEC,
    LOOK_AHEAD_SEC,
    MAX_GAIN_DB,
    amplified,
    levelled,
    limited,
    loudness_lufs,
)

RATE = 24_000
LOUDNESS_TOLERANCE_LU = 0.1
"""EBU Tech 3341 allows a meter ±0.1 LU."""
CEILING = float(np.float32(10 ** (-1 / 20)))


def test_a_sine_at_full_scale_has_the_loudness_the_standard_says() -> None:
    # ITU-R BS.1770-4, annex 1: 0 dBFS at 997 Hz in one front channel reads -3.01 LKFS.
    assert loudness_lufs(tone(997, 3.0, 48_000, level=1.0)) == pytest.approx(-3.01, abs=LOUDNESS_TOLERANCE_LU)


@pytest.mark.parametrize("target_lufs", [-30.0, -23.0, -16.0])
@pytest.mark.parametrize("sample_rate", [8_000, 24_000, 48_000])
def test_a_clip_reaches_its_target(target_lufs: float, sample_rate: int) -> None:
    clip = levelled(noise(3 * sample_rate, sample_rate, level=0.05), target_lufs)
    assert loudness_lufs(clip) == pytest.approx(target_lufs, abs=LOUDNESS_TOLERANCE_LU)
    assert clip.samples.dtype == np.float32


@pytest.mark.parametrize("duration_sec", [0.01, 0.1, 0.39, 0.4, 0.41])
def test_a_short_clip_is_levelled_like_a_long_one_of_the_same_voice(duration_sec: float) -> None:
    voice = tone(1_000, 2.0, RATE, level=0.1)
    short = replace(voice, samples=voice.samples[: round(duration_sec * RATE)])
    gain = levelled(short, -20.0).samples[5] / short.samples[5]
    long_gain = levelled(voice, -20.0).samples[5] / voice.samples[5]
    assert 20 * math.log10(gain / long_gain) == pytest.approx(0.0, abs=0.2)


@pytest.mark.parametrize(("level", "gain_db"), [(0.001, MAX_GAIN_DB), (1.0, -MAX_GAIN_DB)])
def test_the_gain_is_bounded(level: float, gain_db: float) -> None:
    clip = tone(1_000, 1.0, RATE, level=level)
    changed = levelled(clip, -20.0 if gain_db > 0 else -40.0)
    assert np.array_equal(changed.samples, amplified(clip, gain_db).samples)


def test_silence_and_nothing_come_back_as_they_are() -> None:
    murmur = noise(RATE, RATE, level=1e-5)
    for clip in (silence(1.0, RATE), silence(0.1, RATE), silence(0.0, RATE), murmur):
        assert levelled(clip, -20.0) is clip


def test_levelling_keeps_words() -> None:
    clip = with_words(noise(RATE, RATE))
    assert levelled(clip, -20.0).words == clip.words


def test_amplifying_multiplies_by_decibels() -> None:
    clip = tone(100, 0.1, RATE)
    assert np.array_equal(amplified(clip, 20.0).samples, clip.samples * np.float32(10.0))
    assert amplified(clip, 0.0) is clip


loud_levels = st.floats(0.01, 5.0)


@settings(deadline=None, max_examples=60)
@given(level=loud_levels, seed=st.integers(0, 99), shares=cuts, sample_rate=st.sampled_from((8_000, RATE)))
def test_no_sample_is_over_the_ceiling_and_cutting_changes_nothing(
    level: float, seed: int, shares: list[float], sample_rate: int
) -> None:
    clip = with_words(noise(3_000, sample_rate, level=level, seed=seed))
    stream = whole(limited(cut(clip, shares)), sample_rate)
    assert np.abs(stream.samples).max() <= CEILING
    assert len(stream.samples) == len(clip.samples)
    assert np.allclose(stream.samples, whole(limited([clip]), sample_rate).samples, rtol=1e-6, atol=0)
    assert [word.text for word in stream.words] == [word.text for word in clip.words]
    assert starts(stream) == pytest.approx(starts(clip))


@pytest.mark.parametrize("frames", [0, 1, 2, 50, 119, 120, 121])
def test_a_stream_shorter_than_the_look_ahead_keeps_its_length(frames: int) -> None:
    stream = whole(limited([noise(frames, RATE, level=3.0)]), RATE)
    assert len(stream.samples) == frames
    assert np.abs(stream.samples).max(initial=0.0) <= CEILING


@settings(deadline=None, max_examples=20)
@given(shares=cuts)
def test_a_stream_under_the_ceiling_passes_bit_for_bit(shares: list[float]) -> None:
    clip = tone(330, 0.3, RATE, level=0.89)
    assert np.array_equal(whole(limited(cut(clip, shares)), RATE).samples, clip.samples)


def test_far_from_a_peak_the_stream_is_bit_for_bit_the_same() -> None:
    clip = tone(330, 1.0, RATE)
    clip.samples[12_000] = 4.0
    after = whole(limited([clip]), RATE)
    reach = round((2 * LOOK_AHEAD_SEC + HOLD_SEC) * RATE)
    assert np.array_equal(after.samples[: 12_000 - reach], clip.samples[: 12_000 - reach])
    assert np.array_equal(after.samples[12_000 + reach :], clip.samples[12_000 + reach :])
    assert after.samples[12_000] == np.float32(CEILING)


def test_the_gain_never_jumps() -> None:
    steady = replace(silence(1.0, RATE), samples=np.full(RATE, 0.8, dtype=np.float32))
    peaks = np.random.default_rng(1).choice(RATE, 40, replace=False)
    steady.samples[peaks] = 5.0
    gain = whole(limited([steady]), RATE).samples / steady.samples
    rounding = 1e-6
    assert np.abs(np.diff(gain)).max() <= 1 / round(LOOK_AHEAD_SEC * RATE) + rounding


def test_a_held_gain_leaves_a_loud_low_tone_undistorted() -> None:
    loud = tone(50, 1.0, RATE, level=2.0)
    middle = whole(limited([loud]), RATE).samples[4_000:20_000]
    spectrum = np.abs(np.fft.rfft(middle * np.hanning(len(middle))))
    fundamental = round(50 * len(middle) / RATE)
    harmonics = np.delete(spectrum, range(fundamental - 5, fundamental + 6))
    assert harmonics.max() < 0.01 * spectrum.max()


def test_what_the_limiter_holds_back_does_not_grow_with_the_stream() -> None:
    behind = 0
    clips = (noise(480, RATE, level=2.0, seed=number) for number in range(200))
    taken = 0

    def counted():
        nonlocal taken
        for clip in clips:
            taken += len(clip.samples)
            yield clip

    given_out = 0
    for clip in limited(counted()):
        given_out += len(clip.samples)
        behind = max(behind, taken - given_out)
    assert behind < 480 + LOOK_AHEAD_SEC * RATE
    assert given_out == 200 * 480
