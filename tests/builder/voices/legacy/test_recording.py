"""What counts as a recording among the fields of a file."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from builder.voices.legacy.errors import TooLarge, UnusableRecording
from tests.builder.voices.legacy.older_worker import RATE, fields, problem_in, put, tone, voice_in

LOUD = np.array([-32768, 0, 16384], np.int16)


@pytest.mark.parametrize(
    "shaped",
    [tone()[np.newaxis], tone()[:, np.newaxis], np.stack([tone(), tone()]), np.stack([tone(), tone()], axis=1)],
    ids=["[1, n]", "[n, 1]", "[2, n]", "[n, 2]"],
)
@pytest.mark.parametrize("order", ["C", "F"])
def test_one_or_two_channels_either_way_round_become_one(
    tmp_path: Path, shaped: NDArray[np.float32], order: str
) -> None:
    put(tmp_path, "a.pkl", fields(audio=np.array(shaped, order="F" if order == "F" else "C")))
    np.testing.assert_array_equal(voice_in(tmp_path).samples, tone())


def test_the_two_channels_of_a_stereo_recording_are_averaged(tmp_path: Path) -> None:
    put(tmp_path, "a.pkl", fields(audio=np.array([[0.5, -0.5, 0.25], [0.0, -0.5, 0.75]])))
    assert voice_in(tmp_path).samples.tolist() == [0.25, -0.5, 0.5]


@pytest.mark.parametrize("protocol", [2, 4, 5])
@pytest.mark.parametrize("audio", [LOUD, LOUD.astype(">i2"), LOUD.astype(np.int32) * 65536], ids=["i2", "big", "i4"])
def test_whole_numbers_are_scaled_by_their_full_scale(tmp_path: Path, audio: NDArray[np.int16], protocol: int) -> None:
    put(tmp_path, "a.pkl", fields(audio=audio), protocol)
    assert voice_in(tmp_path).samples.tolist() == [-1.0, 0.0, 0.5]


@pytest.mark.parametrize("dtype", ["<f2", "<f4", ">f4", "<f8", ">f8"])
def test_floats_of_any_size_and_byte_order_keep_their_value(tmp_path: Path, dtype: str) -> None:
    put(tmp_path, "a.pkl", fields(audio=np.array([-1, 0.5, 0.25], dtype)))
    assert voice_in(tmp_path).samples.tolist() == [-1.0, 0.5, 0.25]


def test_what_overshoots_full_scale_is_brought_down_as_a_whole(tmp_path: Path) -> None:
    put(tmp_path, "a.pkl", fields(audio=np.array([1.25, -0.5, 0.0])))
    np.testing.assert_allclose(voice_in(tmp_path).samples, [1.0, -0.4, 0.0], rtol=1e-6)


@pytest.mark.parametrize(
    "audio",
    [
        None,
        [0.1, 0.2],
        b"RIFF",
        np.float32(0.5),
        np.zeros(0, np.float32),
        np.zeros((0, 5), np.float32),
        np.zeros((3, 100), np.float32),
        np.zeros((1, 1, 100), np.float32),
        np.zeros(100, np.uint8),
        np.zeros(100, np.int64),
        np.zeros(100, np.bool_),
        np.array(["a"]),
        np.array([0.5, np.nan]),
        np.array([0.5, np.nan], np.float16),
        np.array([0.5, -np.inf]),
        np.array([1e300, 0.5]),
        np.array([32767.0, -5.0]),
    ],
)
def test_audio_that_is_no_sound_is_refused(tmp_path: Path, audio: object) -> None:
    put(tmp_path, "a.pkl", fields(audio=audio))
    assert isinstance(problem_in(tmp_path).error, UnusableRecording)


@pytest.mark.parametrize("rate", [24_000.0, np.int32(24_000), np.float64(24_000), np.array(24_000), np.array([24_000])])
def test_a_sample_rate_may_be_any_whole_number(tmp_path: Path, rate: object) -> None:
    put(tmp_path, "a.pkl", fields(sample_rate=rate))
    assert voice_in(tmp_path).sample_rate == RATE


@pytest.mark.parametrize(
    "rate", [0, -24_000, 3_999, 96_001, 24_000.5, float("nan"), float("inf"), 10**500, "24000", True, np.array([1, 2])]
)
def test_a_sample_rate_of_no_recording_is_refused(tmp_path: Path, rate: object) -> None:
    put(tmp_path, "a.pkl", fields(sample_rate=rate))
    assert isinstance(problem_in(tmp_path).error, UnusableRecording)


def test_a_sample_rate_too_long_to_print_is_refused(tmp_path: Path) -> None:
    put(tmp_path, "a.pkl", fields(sample_rate=2**2000))
    assert isinstance(problem_in(tmp_path).error, UnusableRecording)


@pytest.mark.parametrize("audio_field", ["audio", "samples", "waveform"])
@pytest.mark.parametrize("rate_field", ["sample_rate", "sampling_rate", "sr"])
def test_other_spellings_of_the_fields_are_known(tmp_path: Path, audio_field: str, rate_field: str) -> None:
    put(tmp_path, "a.pkl", {audio_field: tone(), rate_field: RATE})
    assert len(voice_in(tmp_path).samples) == 2400


def test_ten_minutes_are_read_and_a_sample_more_is_refused(tmp_path: Path) -> None:
    put(tmp_path, "a.pkl", {"audio": np.zeros(600 * 4000, np.int16), "sample_rate": 4000})
    assert voice_in(tmp_path).duration_sec == 600
    put(tmp_path, "a.pkl", {"audio": np.zeros(600 * 4000 + 1, np.int16), "sample_rate": 4000})
    assert isinstance(problem_in(tmp_path).error, TooLarge)
