"""What a recording says is what upstream hears in it."""

from __future__ import annotations

import librosa
import numpy as np
import pytest
import soxr
import torch

from tests.engines.chatterbox.conditioning.conftest import Enroller
from voice_library.voice import Reference
from worker.audio.clip import Clip
from worker.engines.chatterbox.conditioning.source import tokens_of
from worker.errors import InvalidAudio


@pytest.mark.parametrize("sample_rate", [16_000, 24_000, 44_100])
def test_its_tokens_are_upstreams(sample_rate: int, original: Enroller, speakers: tuple[Reference, Reference]) -> None:
    samples = soxr.resample(speakers[0].samples[:40_000], speakers[0].sample_rate, sample_rate)
    heard = librosa.resample(samples, orig_sr=sample_rate, target_sr=16_000)
    expected, _ = original.s3gen.tokenizer(torch.from_numpy(heard)[None])
    tokens = tokens_of(Clip(samples=samples, sample_rate=sample_rate), original.hearing)
    assert tokens.dtype == torch.int64
    assert torch.equal(tokens, expected[0])


def test_a_token_is_enough_and_less_is_refused(original: Enroller) -> None:
    samples = np.random.default_rng(0).standard_normal(640).astype(np.float32)
    assert len(tokens_of(Clip(samples=samples, sample_rate=16_000), original.hearing)) == 1
    with pytest.raises(InvalidAudio, match="40 ms"):
        tokens_of(Clip(samples=samples[1:], sample_rate=16_000), original.hearing)
