"""What is said of a recording before anybody is cloned from it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests.audio.signals import noise, tone
from tests.jobs.speakers import sung, with_silence
from worker.audio.clip import Clip, concatenate, silence
from worker.audio.reference import ReferenceLimits, is_silent, judge, judge_source
from worker.errors import InvalidAudio, InvalidReference

LIMITS = ReferenceLimits(min_sec=2.0, good_sec=5.0, heard_sec=10.0)
GOOD = sung(220, 6.0)


def amplified(clip: Clip, factor: float) -> Clip:
    return replace(clip, samples=np.clip(clip.samples * np.float32(factor), -1, 1))


def test_a_good_recording_passes_unchanged_and_without_a_word() -> None:
    before = GOOD.samples.copy()
    judged = judge(GOOD, LIMITS)
    assert judged.warnings == ()
    assert np.array_equal(judged.reference.samples, before)
    assert judged.reference.sample_rate == GOOD.sample_rate
    assert np.shares_memory(judged.reference.samples, GOOD.samples)
    assert GOOD.samples.flags.writeable


@pytest.mark.parametrize("duration_sec", [0.01, 0.5, 1.9])
@pytest.mark.parametrize("silence_sec", [0.0, 3.0])
def test_too_short_is_refused_whatever_silence_surrounds_it(duration_sec: float, silence_sec: float) -> None:
    with pytest.raises(InvalidReference, match="at least 2 s, better 5 s") as caught:
        judge(with_silence(sung(220, duration_sec), silence_sec, silence_sec), LIMITS)
    assert caught.value.field == "reference_audio"


def test_a_click_far_behind_a_word_does_not_make_it_long() -> None:
    parts = (sung(220, 1.0), silence(5.0, 24_000), sung(220, 0.1))
    with pytest.raises(InvalidReference, match=r"1\.1 s of sound"):
        judge(concatenate(parts, 24_000), LIMITS)


def test_pauses_of_speech_count_as_speech() -> None:
    parts = (sung(220, 1.0), silence(0.8, 24_000)) * 3
    assert judge(concatenate(parts, 24_000), LIMITS).warnings == (
        "the recording has 4.6 s of sound; from 5 s on the voice is met better",
    )


@pytest.mark.parametrize(
    "clip",
    [
        silence(6.0, 24_000),
        Clip(samples=np.full(150_000, 0.7, dtype=np.float32), sample_rate=24_000),
        Clip(samples=np.full(150_000, -1.0, dtype=np.float32), sample_rate=24_000),
        noise(150_000, 24_000, level=5e-4),
    ],
    ids=["zeros", "a constant", "full scale", "noise of a converter"],
)
def test_silence_is_refused(clip: Clip) -> None:
    assert is_silent(clip)
    with pytest.raises(InvalidReference, match="silent"):
        judge(clip, LIMITS)
    with pytest.raises(InvalidAudio, match="silent") as caught:
        judge_source(clip)
    assert caught.value.field == "source_audio"


@pytest.mark.parametrize("frames", [0, 1, 100])
def test_next_to_nothing_is_too_short_for_a_reference_and_silent_as_a_source(frames: int) -> None:
    crumb = Clip(samples=np.full(frames, 0.5, dtype=np.float32), sample_rate=24_000)
    with pytest.raises(InvalidReference, match=r"0\.0 s of sound"):
        judge(crumb, LIMITS)
    with pytest.raises(InvalidAudio):
        judge_source(crumb)


def test_only_what_is_heard_counts() -> None:
    with pytest.raises(InvalidReference, match="in the first 10 s, which are all that is heard"):
        judge(with_silence(sung(220, 30.0), 9.5, 0.0), LIMITS)
    assert judge(with_silence(sung(220, 30.0), 1.0, 0.0), LIMITS).warnings == (
        "only the first 10 s of the recording are heard",
    )


@pytest.mark.parametrize(
    ("clip", "words"),
    [
        (sung(220, 3.0), "3.0 s of sound; from 5 s on"),
        (sung(220, 6.0, 8000), "8000 Hz and will sound dull"),
        (amplified(GOOD, 5), "clipped and will sound harsh"),
        (tone(220.0, 6.0, 24_000, level=0.01), "very quiet (-43 dBFS)"),
    ],
    ids=["short", "telephone", "clipped", "quiet"],
)
def test_each_fault_is_named(clip: Clip, words: str) -> None:
    (warning,) = judge(clip, LIMITS).warnings
    assert words in warning


def test_a_peak_at_full_scale_is_not_clipped() -> None:
    assert judge(amplified(GOOD, 1 / np.abs(GOOD.samples).max()), LIMITS).warnings == ()


def test_an_offset_is_neither_sound_nor_a_fault() -> None:
    assert judge(replace(GOOD, samples=GOOD.samples + np.float32(0.3)), LIMITS).warnings == ()


def test_a_source_may_be_short_and_is_told_its_faults() -> None:
    assert judge_source(sung(220, 0.3)) == ()
    assert len(judge_source(amplified(tone(220.0, 1.0, 8000), 9))) == 2
