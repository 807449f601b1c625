"""Mel spectrograms are upstream's, bit for bit."""

from __future__ import annotations

from collections.abc import Callable

import librosa
import numpy as np
import pytest
import torch
from chatterbox.models.s3gen.utils.mel import mel_spectrogram
from torch import Tensor

from tests.engines.chatterbox.hearing.conftest import Ears
from worker.engines.chatterbox.hearing.mel import TokenizerMel, mel_bands, tokenizer_bands


@pytest.mark.parametrize(
    ("rate", "window", "bands", "highest_hz"),
    [(24_000, 1920, 80, 8_000), (16_000, 400, 128, 8_000), (16_000, 400, 40, 8_000), (8_000, 256, 10, 900)],
)
def test_bands_are_librosas(rate: int, window: int, bands: int, highest_hz: float) -> None:
    expected = librosa.filters.mel(sr=rate, n_fft=window, n_mels=bands, fmin=0, fmax=highest_hz)
    assert np.array_equal(mel_bands(rate, window, bands, highest_hz).numpy(), expected)


@pytest.mark.parametrize("count", [721, 24_000, 24_479, 24_480, 99_999])
def test_what_sound_is_made_of_is_upstreams(
    count: int, ears: Ears, saying: Callable[[int, float, float], Tensor]
) -> None:
    wave = saying(24_000, 1.0, 6.0)[:count]
    mel = ears.hearing.mel(wave)
    assert mel.shape == (count // 480, 80)
    assert torch.equal(mel, mel_spectrogram(wave[None])[0].t())


@pytest.mark.parametrize("count", [640, 16_000, 50_001])
def test_what_the_tokenizer_hears_is_upstreams(
    count: int, ears: Ears, saying: Callable[[int, float, float], Tensor]
) -> None:
    wave = saying(16_000, 1.0, 6.0)[:count]
    mel = TokenizerMel(tokenizer_bands(), torch.hann_window(400))(wave)
    assert mel.shape == (128, count // 160)
    assert torch.equal(mel, ears.s3gen.tokenizer.log_mel_spectrogram(wave[None])[0])
