"""The x-vector of a recording is upstream's, but for the order in which it is summed."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
import torchaudio.compliance.kaldi
from torch import Tensor

from tests.engines.chatterbox.hearing.conftest import Ears
from worker.engines.chatterbox.hearing.fbank import FilterBank

ROUNDING = 2e-6
"""Of its length: a norm that is folded into a convolution rounds otherwise, in sixty layers."""


@pytest.mark.parametrize("seconds", [0.055, 0.3, 1.03, 2.0, 2.02, 10.0])
@pytest.mark.parametrize("start_sec", [0.5, 19.0])
def test_it_is_upstreams(
    seconds: float, start_sec: float, ears: Ears, saying: Callable[[int, float, float], Tensor]
) -> None:
    wave = saying(16_000, start_sec, seconds)
    expected = ears.s3gen.speaker_encoder.inference(wave[None])[0]
    ours = ears.hearing.x_vector(wave)
    assert (ours.shape, ours.dtype) == ((192,), torch.float32)
    assert (ours - expected).norm() <= ROUNDING * expected.norm()


def test_two_speakers_are_told_apart(ears: Ears, saying: Callable[[int, float, float], Tensor]) -> None:
    one, again, other = (ears.hearing.x_vector(saying(16_000, start_sec, 4.0)) for start_sec in (0.0, 5.0, 25.0))
    assert (one - other).norm() > 1.2 * (one - again).norm()


@pytest.mark.parametrize("gain", [1.0, 1e-6, 0.0])
@pytest.mark.parametrize("count", [400, 559, 560, 16_000])
def test_the_filter_bank_is_kaldis(count: int, gain: float, saying: Callable[[int, float, float], Tensor]) -> None:
    wave = saying(16_000, 1.0, 1.0)[:count] * gain
    expected = torchaudio.compliance.kaldi.fbank(wave[None], num_mel_bins=80)
    assert torch.equal(FilterBank(torch.device("cpu"))(wave), expected)
