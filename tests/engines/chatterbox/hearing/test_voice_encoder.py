"""The speaker embedding of a recording is upstream's, but for rounding."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from tests.engines.chatterbox.hearing.conftest import Ears, heard

Saying = Callable[[int, float, float], Tensor]

ROUNDING = 1e-6
"""Of its length, 1: another library's Fourier transform."""


@pytest.mark.parametrize("seconds", [0.25, 1.59, 1.6, 2.1, 3.05, 3.06, 3.9, 17.0, 60.0])
def test_it_is_upstreams(seconds: float, ears: Ears, saying: Saying) -> None:
    wave = saying(16_000, 0.3, 30.0).repeat(2)[: round(seconds * 16_000)]
    expected = ears.voice_encoder.embeds_from_wavs([wave.numpy()], sample_rate=16_000, trim_top_db=None)[0]
    ours = ears.hearing.speaker(wave)
    assert (ours.shape, ours.dtype) == ((256,), torch.float32)
    assert (ours - torch.from_numpy(expected)).norm() <= ROUNDING


def test_where_nobody_is_heard_there_is_no_number(ears: Ears, saying: Saying) -> None:
    speaker = {**ears.speaker, "proj.weight": torch.zeros(256, 256), "proj.bias": torch.full((256,), -1.0)}
    assert heard(ears.speech, speaker).speaker(saying(16_000, 0.3, 1.0)).isnan().all()


def test_two_speakers_are_told_apart(ears: Ears, saying: Saying) -> None:
    one, again, other = (ears.hearing.speaker(saying(16_000, start_sec, 4.0)) for start_sec in (0.0, 5.0, 25.0))
    assert (one - other).norm() > 1.2 * (one - again).norm()
