"""Upstream's modules that hear, small, and ours of the same files."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np
import pytest
import torch
from chatterbox.models.s3gen import S3Gen
from chatterbox.models.voice_encoder import VoiceEncoder
from torch import Tensor

from builder.upstream_modules import loaded_s3gen, loaded_voice_encoder
from tests.engines.chatterbox.conditioning import lively
from tests.engines.chatterbox.conditioning.recordings import spoken
from worker.engines.chatterbox.checkpoint import read
from worker.engines.chatterbox.hearing.hearing import Hearing
from worker.engines.chatterbox.hearing.resampling import resampled
from worker.engines.chatterbox.member import MEMBERS
from worker.engines.chatterbox.tensors import Tensors
from worker.engines.espeak.engine import load
from worker.settings import Settings

BLOCKS = 2


@dataclass(frozen=True, kw_only=True)
class Ears:
    """Theirs and ours."""

    s3gen: S3Gen
    voice_encoder: VoiceEncoder
    speech: Mapping[str, Tensor]
    speaker: Mapping[str, Tensor]
    hearing: Hearing


@pytest.fixture(scope="module")
def ears(tmp_path_factory: pytest.TempPathFactory) -> Ears:
    folder = tmp_path_factory.mktemp("ears")
    member = replace(MEMBERS["original"], layers=1, blocks=BLOCKS)
    speech, speaker = (dict(read(path)) for path in lively.write(member, folder))
    return Ears(
        s3gen=loaded_s3gen(member, folder),
        voice_encoder=loaded_voice_encoder(member, folder),
        speech=speech,
        speaker=speaker,
        hearing=heard(speech, speaker),
    )


def heard(speech: Mapping[str, Tensor], speaker: Mapping[str, Tensor]) -> Hearing:
    """Ours of these tensors."""
    return Hearing(Tensors(speech, "s3gen.safetensors"), Tensors(speaker, "ve.safetensors"), blocks=BLOCKS)


@pytest.fixture(scope="session")
def saying() -> Callable[[int, float, float], Tensor]:
    """Speech at a sample rate, from a second on and for some seconds."""
    engine = load("espeak", Settings())
    try:
        speakers = [spoken(engine), spoken(engine, voice="en-gb", pitch=85)]
    finally:
        engine.close()
    samples = np.concatenate([speaker.samples for speaker in speakers])
    rate = speakers[0].sample_rate

    def of(sample_rate: int, start_sec: float, seconds: float) -> Tensor:
        span = slice(round(start_sec * sample_rate), round((start_sec + seconds) * sample_rate))
        return torch.tensor(resampled(samples, rate, sample_rate)[span])

    return of
