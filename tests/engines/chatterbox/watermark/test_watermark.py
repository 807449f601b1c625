"""The watermark is upstream's, is found again, and leaves length, level and everything above 2 kHz as they were."""

from __future__ import annotations

import io
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import librosa
import numpy as np
import perth
import pytest
import soundfile

from tests.engines.chatterbox.watermark.sounds import FULL_SCALE, RATE, SOUNDS, decibels, sound, whole_hops
from worker.audio.clip import Clip, Samples
from worker.audio.encode import encode_file
from worker.engines.chatterbox.watermark.watermark import Watermark

PERTH_RATE = 32_000
ROUNDING = 3e-6
"""Of single precision, in another order of sums."""


@pytest.mark.parametrize("name", SOUNDS)
def test_at_the_rate_of_the_network_it_gives_upstreams_numbers(
    name: str, watermark: Watermark, upstream: perth.PerthImplicitWatermarker
) -> None:
    samples = whole_hops(sound(name, PERTH_RATE), PERTH_RATE)
    theirs = upstream.apply_watermark(samples, sample_rate=PERTH_RATE)
    np.testing.assert_allclose(watermark.mark(samples, PERTH_RATE), theirs.clip(-1, 1), rtol=0, atol=ROUNDING)


@pytest.mark.parametrize("rate", [RATE, 48_000, 16_000, 22_050])
def test_at_other_rates_it_adds_what_upstream_adds(
    rate: int, watermark: Watermark, upstream: perth.PerthImplicitWatermarker
) -> None:
    samples = sound("glides", rate) * np.hanning(2 * rate).astype(np.float32)
    assert apart(samples, rate, watermark, upstream) < -85


@pytest.mark.parametrize(("rate", "difference"), [(RATE, -50), (48_000, -50), (16_000, -40), (22_050, -35)])
def test_where_sound_breaks_off_upstreams_resampling_makes_some_difference(
    rate: int, difference: float, watermark: Watermark, upstream: perth.PerthImplicitWatermarker
) -> None:
    samples = sound("speech", rate)[rate // 2 : rate * 7 // 2]
    assert apart(samples, rate, watermark, upstream) < difference


def test_what_lies_above_two_kilohertz_stays(watermark: Watermark) -> None:
    samples = sound("hiss", RATE)
    added = np.abs(np.fft.rfft(watermark.mark(samples) - samples))
    above = np.fft.rfftfreq(len(samples), 1 / RATE) > 2_300
    assert decibels(added[above], np.abs(np.fft.rfft(samples))[above]) < -60


@pytest.mark.parametrize("rate", [RATE, 22_050, 16_000, 48_000])
@pytest.mark.parametrize("name", SOUNDS)
def test_it_is_found_as_surely_as_upstreams(
    name: str, rate: int, watermark: Watermark, upstream: perth.PerthImplicitWatermarker
) -> None:
    samples = sound(name, rate)
    theirs = upstream.get_watermark(upstream.apply_watermark(samples, sample_rate=rate), rate, round=False)
    assert upstream.get_watermark(samples, rate) == 0.0
    assert upstream.get_watermark(watermark.mark(samples, rate), rate, round=False) > theirs - 0.01


@pytest.mark.parametrize("name", SOUNDS)
def test_it_outlasts_clipping_and_sixteen_bits(
    name: str, watermark: Watermark, upstream: perth.PerthImplicitWatermarker
) -> None:
    samples = sound(name, RATE)
    overdriven = watermark.mark((samples * (1.2 / np.abs(samples).max())).clip(-1, 1))
    quantised = (watermark.mark(samples) * FULL_SCALE).round() / np.float32(FULL_SCALE)
    for marked in (overdriven, quantised):
        assert np.abs(marked).max() <= 1
        assert upstream.get_watermark(marked, RATE) == 1.0


@pytest.mark.parametrize("name", ["wav", "flac", "mp3", "ogg", "opus"])
def test_it_outlasts_our_own_encoding(
    name: str, watermark: Watermark, upstream: perth.PerthImplicitWatermarker
) -> None:
    plain = sound("speech", RATE)[: 3 * RATE]
    for samples, found in ((plain, 0.0), (watermark.mark(plain), 1.0)):
        decoded, rate = encoded_as(name, samples)
        assert upstream.get_watermark(decoded, sample_rate=rate) == found


@pytest.mark.parametrize("count", [0, 1, 100, 767, 768, 769, 959, 24_001])
@pytest.mark.parametrize("sample_rate", [RATE, 22_050, 3_000])
def test_the_length_is_kept(count: int, sample_rate: int, watermark: Watermark) -> None:
    samples = sound("glides", RATE)[:count]
    marked = watermark.mark(samples, sample_rate)
    assert (marked.shape, marked.dtype) == (samples.shape, np.float32)
    assert np.isfinite(marked).all()


def test_a_clip_of_an_odd_length_is_marked_to_its_end(
    watermark: Watermark, upstream: perth.PerthImplicitWatermarker
) -> None:
    samples = sound("glides", RATE)[:-101]
    marked = watermark.mark(samples)
    assert upstream.get_watermark(marked, sample_rate=RATE) == 1.0
    assert decibels((marked - samples)[-139:], samples[-139:]) > -30


def test_loud_audio_stays_within_full_scale(watermark: Watermark, upstream: perth.PerthImplicitWatermarker) -> None:
    samples = sound("glides", PERTH_RATE)
    loud = np.clip(4 * samples / np.abs(samples).max(), -0.99, 0.99)
    theirs = upstream.apply_watermark(loud, sample_rate=PERTH_RATE)
    assert np.abs(theirs).max() > 1
    np.testing.assert_allclose(watermark.mark(loud, PERTH_RATE), theirs.clip(-1, 1), rtol=0, atol=ROUNDING)


def test_silence_stays_silent(watermark: Watermark) -> None:
    assert not watermark.mark(np.zeros(4_800, dtype=np.float32)).any()


def test_the_audio_handed_in_is_left_as_it_was(watermark: Watermark) -> None:
    samples = sound("glides", RATE).copy()
    before = samples.copy()
    watermark.mark(samples)
    assert (samples == before).all()


def test_eight_threads_at_once_each_get_what_they_get_alone(watermark: Watermark) -> None:
    clips = [sound("speech", RATE)[: RATE // 2 + index * 3_000] for index in range(8)]
    alone = [watermark.mark(clip) for clip in clips]
    with ThreadPoolExecutor(8) as threads:
        together = list(threads.map(watermark.mark, clips * 3))
    assert all((mine == its).all() for mine, its in zip(alone * 3, together, strict=True))


def test_it_brings_in_neither_perth_nor_what_perth_needs_and_prints_nothing() -> None:
    code = (
        "import sys, numpy\n"
        "from worker.engines.chatterbox.watermark.watermark import Watermark\n"
        "Watermark().mark(numpy.ones(9600, dtype=numpy.float32))\n"
        "unwanted = {'perth', 'librosa', 'numba', 'scipy', 'torchaudio', 'pkg_resources', 'yaml', 'transformers'}\n"
        "sys.exit(str(sorted(unwanted & set(sys.modules)) if unwanted & set(sys.modules) else '') or 0)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def encoded_as(name: str, samples: Samples) -> tuple[Samples, int]:
    """The audio, and its rate, that is read back of a file of format `name`."""
    file = io.BytesIO()
    encode_file([Clip(samples=samples, sample_rate=RATE)], name, sample_rate=RATE, into=file)
    return soundfile.read(io.BytesIO(file.getvalue()), dtype="float32")


def apart(samples: Samples, rate: int, ours: Watermark, theirs: perth.PerthImplicitWatermarker) -> float:
    """What we add less what they add, in decibels beside that; their resampling of the audio itself is left out."""
    there = librosa.resample(samples, orig_sr=rate, target_sr=PERTH_RATE)
    resampled = librosa.resample(there, orig_sr=PERTH_RATE, target_sr=rate)[: len(samples)]
    added = theirs.apply_watermark(samples, sample_rate=rate)[: len(samples)]
    added -= resampled[: len(added)]
    return decibels((ours.mark(samples, rate) - samples)[: len(added)] - added, added)
