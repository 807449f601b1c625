"""Each fault of a recording is measured and named, and nothing is said of a good one."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from builder.voices.recording.clipping import clipped_share
from builder.voices.recording.report import examine, measure, require_usable
from builder.voices.recording.selection import select
from tests.audio.signals import noise
from tests.builder.voices.recording.speech import as_mp3, humming, joined, louder, noisy, spoken, telephoned
from worker.audio.clip import Clip, silence
from worker.audio.decode import decode
from worker.audio.resample import resample
from worker.errors import InvalidReference

GOOD = {
    "as it is": spoken,
    "of a high voice": lambda: spoken(pitch=80),
    "in German": lambda: spoken("de"),
    "its best part": lambda: select(spoken()).clip,
    "at 48 kHz": lambda: resample(spoken(), 48_000),
    "as an MP3": lambda: as_mp3(spoken()),
}


@pytest.mark.parametrize("which", GOOD)
def test_a_good_recording_gets_no_advice(which: str) -> None:
    report = examine(GOOD[which]())
    assert report.advice == ()
    assert report.severity == "fine"
    require_usable(report)


@pytest.mark.parametrize("snr_db", [15, 20, 30, 35])
def test_noise_is_measured_to_within_two_decibels(snr_db: int) -> None:
    figures = measure(noisy(spoken(), snr_db))
    assert figures.snr_db == pytest.approx(snr_db, abs=2)
    assert figures.noise_dbfs == pytest.approx(figures.level_dbfs - snr_db, abs=2)


def test_noise_is_advised_against_and_at_last_refused() -> None:
    report = examine(noisy(spoken(), 15))
    assert report.severity == "warn"
    assert any("the pauses are only 15 dB below the speech: record in a quieter room" in line for line in report.advice)
    drowned = examine(noisy(spoken(), 3))
    assert drowned.severity == "refuse"
    with pytest.raises(InvalidReference, match="drowns in noise"):
        require_usable(drowned)


@pytest.mark.parametrize("turned_down", [1.0, 0.4])
def test_clipping_is_found_even_below_full_scale(turned_down: float) -> None:
    clip = louder(spoken(), 12)
    truth = float(np.mean(np.abs(clip.samples) == 1))
    clip = replace(clip, samples=clip.samples * np.float32(turned_down))
    assert clipped_share(clip) == pytest.approx(truth, rel=0.2)
    report = examine(clip)
    assert report.severity == "warn"
    assert any("is clipped and will sound harsh" in line for line in report.advice)


def test_a_ruined_recording_is_refused() -> None:
    with pytest.raises(InvalidReference, match="clipped: record it anew"):
        require_usable(examine(louder(spoken(), 30)))


@pytest.mark.parametrize("quality", ["as it is", "as 16 bits", "with noise"])
def test_a_telephone_is_noticed_behind_a_high_sample_rate(quality: str) -> None:
    clip = telephoned(spoken())
    if quality == "as 16 bits":
        clip = replace(clip, samples=(np.round(clip.samples * 32767) / 32767).astype(np.float32))
    if quality == "with noise":
        clip = noisy(clip, 35)
    report = examine(clip)
    assert 3300 < report.figures.bandwidth_hz < 4100
    assert any("its sample rate of 48000 Hz has room for more" in line for line in report.advice)


def test_a_low_sample_rate_is_named_as_the_reason() -> None:
    (line,) = examine(resample(spoken(), 8000)).advice
    assert "its sample rate is 8000 Hz; record at 24000 Hz or more" in line


def test_noise_is_not_taken_for_a_telephone() -> None:
    for snr_db in (10, 15, 20, 30):
        report = examine(resample(noisy(spoken(), snr_db), 48_000))
        assert not any("telephone" in line for line in report.advice)


@pytest.mark.parametrize("mains_hz", [50, 60])
def test_a_hum_is_told_with_its_mains(mains_hz: int) -> None:
    report = examine(humming(spoken(), mains_hz, -45.0))
    assert report.figures.hum_hz == mains_hz
    assert report.figures.hum_dbfs == pytest.approx(-45.0, abs=1)
    assert any(f"the mains hum at {mains_hz} Hz (-45 dBFS" in line for line in report.advice)


@pytest.mark.parametrize("snr_db", [10, 20, 30, 45])
def test_hiss_is_no_hum(snr_db: int) -> None:
    assert measure(noisy(spoken(), snr_db)).hum_hz is None


@pytest.mark.parametrize(
    ("clip", "words"),
    [
        (louder(spoken(), -35), "very quiet (-"),
        (replace(spoken(), samples=spoken().samples + np.float32(0.05)), "silence lies at +0.05"),
        (joined(spoken(), louder(spoken(), -20)), "dB louder in some places than in others"),
        (replace(spoken(), samples=spoken().samples[: 7 * 22_050]), "s of speech: with 10 to 15 s"),
    ],
    ids=["quiet", "offset", "unsteady", "short"],
)
def test_each_other_fault_is_named_alone(clip: Clip, words: str) -> None:
    report = examine(clip)
    assert report.severity == "warn"
    (line,) = report.advice
    assert words in line


def test_too_little_speech_is_refused_however_long_the_recording() -> None:
    word = replace(spoken(), samples=spoken().samples[: 3 * 22_050])
    report = examine(joined(word, silence(20.0, 22_050)))
    assert report.severity == "refuse"
    with pytest.raises(InvalidReference, match=r"only [23]\.\d s of speech: record at least 5 s"):
        require_usable(report)


def test_figures_are_those_of_the_recording() -> None:
    clip = spoken()
    figures = measure(clip)
    assert figures.duration_sec == clip.duration_sec
    assert 0.85 * clip.duration_sec < figures.speech_sec < clip.duration_sec
    assert figures.peak_dbfs == pytest.approx(20 * np.log10(np.abs(clip.samples).max()), abs=0.01)
    assert figures.clipped_share == 0
    assert measure(louder(clip, -6)).level_dbfs == pytest.approx(figures.level_dbfs - 6, abs=0.1)
    low, middle, high = figures.f0_low_hz, figures.f0_hz, figures.f0_high_hz
    assert low is not None
    assert middle is not None
    assert high is not None
    assert 60 < low < middle < high < 200


def test_a_report_is_json() -> None:
    report = examine(noisy(spoken(), 15))
    again = json.loads(json.dumps(asdict(report), allow_nan=False))
    assert again["severity"] == "warn"
    assert again["figures"]["sample_rate"] == 22_050


def test_a_long_recording_has_the_pitch_of_its_parts() -> None:
    once, often = measure(spoken()), measure(joined(*[spoken()] * 6))
    assert once.f0_hz is not None
    assert often.f0_hz == pytest.approx(once.f0_hz, rel=0.05)


@pytest.mark.parametrize(
    "clip",
    [
        Clip(samples=np.zeros(0, dtype=np.float32), sample_rate=8000),
        Clip(samples=np.ones(1, dtype=np.float32), sample_rate=96_000),
        silence(10.0, 24_000),
        noise(240_000, 24_000),
    ],
    ids=["empty", "a sample", "zeros", "noise"],
)
def test_what_holds_no_speech_is_refused(clip: Clip) -> None:
    with pytest.raises(InvalidReference):
        examine(clip)


def test_a_person_is_measured_as_a_person_is() -> None:
    package = find_spec("s3tokenizer")  # not imported: its wheel brings a recording of a speaker of Mandarin
    if package is None or package.origin is None:
        pytest.skip("s3tokenizer is not installed")
    figures = measure(decode((Path(package.origin).parent / "assets" / "BAC009S0764W0121.wav").read_bytes()))
    assert figures.level_dbfs == pytest.approx(-39, abs=2)
    assert figures.bandwidth_hz > 7_000
    assert figures.f0_hz is not None
    assert 180 < figures.f0_hz < 280
