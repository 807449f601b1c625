from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.audio.signals import cut, cuts, noise, peak_hertz, starts, tone, whole, with_words
from worker.audio.resample import resample, resampled

RATES = (8_000, 22_050, 24_000, 44_100, 48_000)
ALIAS_CEILING = 1e-5
"""-100 dB; the HQ filter promises 120 dB, float32 and the measuring window cost some."""
FRAME_SEC = 1 / 8_000


def test_a_clip_at_the_rate_asked_for_is_the_same_object() -> None:
    clip = tone(440, 0.1, 24_000)
    assert resample(clip, 24_000) is clip
    assert list(resampled([clip], 24_000)) == [clip]


@pytest.mark.parametrize("target", RATES)
def test_a_tone_keeps_its_frequency_level_and_duration(target: int) -> None:
    clip = resample(tone(440, 1.0, 16_000), target)
    assert clip.sample_rate == target
    assert clip.samples.dtype == np.float32
    assert abs(len(clip.samples) - target) <= 1
    assert peak_hertz(clip.samples, target) == pytest.approx(440, rel=1e-4)
    middle = clip.samples[target // 4 : -target // 4]
    assert np.abs(middle).max() == pytest.approx(0.5, abs=0.002)


def test_what_the_lower_rate_cannot_hold_is_gone_and_not_folded_back() -> None:
    clip = resample(tone(7_000, 1.0, 24_000), 8_000)
    assert np.abs(clip.samples[1_000:-1_000]).max() < ALIAS_CEILING


def test_words_keep_their_times() -> None:
    clip = with_words(noise(24_000, 24_000))
    assert resample(clip, 16_000).words == clip.words


def test_an_empty_clip_stays_empty() -> None:
    empty = resample(noise(0, 24_000), 16_000)
    assert (len(empty.samples), empty.sample_rate) == (0, 16_000)


@settings(deadline=None, max_examples=40)
@given(shares=cuts, source=st.sampled_from(RATES), target=st.sampled_from(RATES))
def test_a_stream_sounds_the_same_however_it_is_cut(shares: list[float], source: int, target: int) -> None:
    clip = with_words(noise(5_000, source))
    stream = whole(resampled(cut(clip, shares), target), target)
    once = resample(clip, target)
    assert np.array_equal(stream.samples, once.samples)
    assert [word.text for word in stream.words] == [word.text for word in clip.words]
    assert starts(stream) == pytest.approx(starts(clip))


@given(frames=st.integers(0, 3_000), source=st.sampled_from(RATES), target=st.sampled_from(RATES))
@settings(deadline=None, max_examples=40)
def test_a_stream_keeps_its_length_within_one_frame(frames: int, source: int, target: int) -> None:
    stream = whole(resampled(cut(noise(frames, source), [0.3]), target), target)
    assert abs(len(stream.samples) - frames * target / source) <= 1


def test_a_stream_that_changes_its_rate_comes_out_at_one() -> None:
    clips = [tone(300, 0.5, 8_000), tone(300, 0.5, 24_000), tone(300, 0.5, 16_000)]
    stream = whole(resampled(clips, 16_000), 16_000)
    assert len(stream.samples) == pytest.approx(24_000, abs=3)
    assert peak_hertz(stream.samples[9_000:15_000], 16_000) == pytest.approx(300, rel=0.005)


def test_a_stream_is_resampled_as_it_comes() -> None:
    taken = []

    def source():
        for number in range(10):
            taken.append(number)
            yield noise(24_000, 24_000, seed=number)

    next(iter(resampled(source(), 16_000)))
    assert taken == [0]
