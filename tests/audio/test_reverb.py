from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings

from tests.audio.signals import cut, cuts, noise, starts, whole, with_words
from worker.audio.clip import Clip, Samples
from worker.audio.reverb import CROSSOVER_HZ, DECAY_SEC, MAX_WET, PRE_DELAY_SEC, impulse_response, reverberated

RATE = 8_000
DECAY_TOLERANCE = 0.2
"""One draw of noise in a narrow band: few independent samples, so the slope scatters."""
ONE_DRAW = 0.05
"""One draw of noise meets the room's echoes of itself now more, now less in phase."""
FLOAT32_SUMS = 1e-5
"""Sums of thousands of float32 products in another order differ by this much."""


def test_amount_0_lets_the_clips_through_untouched() -> None:
    clips = [noise(100, RATE), noise(50, 16_000)]
    assert list(reverberated(clips, 0.0)) == clips


@settings(deadline=None, max_examples=20)
@given(shares=cuts)
def test_a_stream_sounds_the_same_however_it_is_cut(shares: list[float]) -> None:
    clip = with_words(noise(4_000, RATE))
    stream = whole(reverberated(cut(clip, shares), 0.5), RATE)
    expected = np.convolve(clip.samples, impulse_response(RATE, 0.5))
    assert len(stream.samples) == len(expected)
    assert np.allclose(stream.samples, expected, atol=FLOAT32_SUMS)
    assert starts(stream) == pytest.approx(starts(clip))


def test_each_clip_comes_out_with_its_length_and_the_tail_comes_last() -> None:
    clips = list(cut(noise(1_000, RATE), [0.3, 0.3]))
    heard = list(reverberated(clips, 1.0))
    assert [len(clip.samples) for clip in heard[:3]] == [300, 0, 700]
    assert heard[3].duration_sec == pytest.approx(DECAY_SEC[1] + PRE_DELAY_SEC, abs=2 / RATE)
    assert all(clip.samples.dtype == np.float32 for clip in heard)


def test_a_stream_of_nothing_has_no_tail() -> None:
    assert list(reverberated([], 0.7)) == []


def test_the_direct_sound_comes_first_and_the_room_after_the_pre_delay() -> None:
    response = impulse_response(24_000, 1.0)
    delay = round(PRE_DELAY_SEC * 24_000)
    assert not response[1:delay].any()
    room = np.linalg.norm(response[delay:].astype(np.float64))
    assert room / (room + response[0]) == pytest.approx(MAX_WET)


@pytest.mark.parametrize("amount", [0.001, 0.15, 0.5, 1.0])
def test_the_room_takes_nothing_of_the_loudness(amount: float) -> None:
    dry = noise(24_000, 24_000)
    heard = whole(reverberated([dry], amount), 24_000)
    assert np.linalg.norm(impulse_response(24_000, amount)) == pytest.approx(1.0, abs=1e-6)
    assert np.linalg.norm(heard.samples) == pytest.approx(np.linalg.norm(dry.samples), rel=ONE_DRAW)


def low_passed(samples: Samples, sample_rate: int) -> Samples:
    spectrum = np.fft.rfft(samples)
    spectrum[np.fft.rfftfreq(len(samples), 1 / sample_rate) > CROSSOVER_HZ / 2] = 0
    return np.fft.irfft(spectrum, len(samples)).astype(np.float32)


@pytest.mark.parametrize(("amount", "decay_sec"), [(0.001, DECAY_SEC[0]), (1.0, DECAY_SEC[1])])
def test_low_sound_decays_by_60_decibels_in_the_room_s_time(amount: float, decay_sec: float) -> None:
    room = low_passed(impulse_response(24_000, amount)[round(PRE_DELAY_SEC * 24_000) :], 24_000)
    # Schroeder's backward integral, its slope between -5 and -25 dB, as ISO 3382 measures RT60 (T20).
    energy_db = 10 * np.log10(np.cumsum(np.square(room[::-1], dtype=np.float64))[::-1])
    energy_db -= energy_db[0]
    start, end = (int(np.argmax(energy_db < level)) for level in (-5, -25))
    assert 3 * (end - start) / 24_000 == pytest.approx(decay_sec, rel=DECAY_TOLERANCE)


def test_high_sound_dies_sooner_than_low_sound() -> None:
    room = impulse_response(24_000, 1.0)[400:]
    early, late = (np.abs(np.fft.rfft(part)) ** 2 for part in (room[:4_096], room[12_000:16_096]))
    high = np.fft.rfftfreq(4_096, 1 / 24_000) > 6_000
    assert late[high].sum() / late[~high].sum() < 0.2 * early[high].sum() / early[~high].sum()


def test_the_same_room_every_time() -> None:
    assert np.array_equal(impulse_response(RATE, 0.4), impulse_response(RATE, 0.4))


@pytest.mark.parametrize("amount", [-0.1, 1.1, float("nan")])
def test_an_amount_outside_0_to_1_is_refused(amount: float) -> None:
    with pytest.raises(ValueError, match="between 0 and 1"):
        reverberated([], amount)


def test_a_stream_of_two_sample_rates_is_refused() -> None:
    clips = [noise(10, RATE), Clip(samples=np.zeros(10, dtype=np.float32), sample_rate=16_000)]
    with pytest.raises(ValueError, match="16000 Hz"):
        list(reverberated(clips, 0.5))
