"""Resampled recordings are those of the libraries that upstream resamples with, bit for bit."""

from __future__ import annotations

import librosa
import numpy as np
import pytest
import torch
import torchaudio

from worker.engines.chatterbox.hearing.resampling import Sinc, resampled

RATES = [
    (8_000, 24_000),
    (16_000, 24_000),
    (22_050, 24_000),
    (24_000, 16_000),
    (44_100, 16_000),
    (44_100, 24_000),
    (48_000, 16_000),
    (96_000, 24_000),
]


def noise(count: int) -> np.ndarray:
    return np.random.default_rng(count).standard_normal(count).astype(np.float32)


@pytest.mark.parametrize(("rate", "wanted"), RATES)
@pytest.mark.parametrize("count", [1, 2, 7, 1_000, 44_101])
def test_recordings_are_librosas(rate: int, wanted: int, count: int) -> None:
    expected = librosa.resample(noise(count), orig_sr=rate, target_sr=wanted)
    made = resampled(noise(count), rate, wanted)
    assert made.dtype == np.float32
    assert np.array_equal(made, expected)


def test_what_is_there_already_stays() -> None:
    samples = noise(5)
    assert resampled(samples, 24_000, 24_000) is samples


@pytest.mark.parametrize(("rate", "wanted"), RATES)
@pytest.mark.parametrize("count", [1, 2, 3, 1_000, 20_001])
def test_what_s3gen_hears_is_torchaudios(rate: int, wanted: int, count: int) -> None:
    wave = torch.from_numpy(noise(count))
    expected = torchaudio.transforms.Resample(rate, wanted)(wave)
    made = Sinc(rate, wanted, torch.device("cpu"))(wave)
    assert made.shape == expected.shape
    torch.testing.assert_close(made, expected, rtol=0, atol=2e-7)


def test_between_the_rates_in_use_not_a_bit_differs() -> None:
    wave = torch.from_numpy(noise(24_001))
    expected = torchaudio.transforms.Resample(24_000, 16_000)(wave)
    assert torch.equal(Sinc(24_000, 16_000, torch.device("cpu"))(wave), expected)
