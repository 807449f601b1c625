"""A recording that another voice is to say again."""

from __future__ import annotations

import torch
from torch import Tensor

from worker.audio.clip import Clip
from worker.engines.chatterbox.hearing.hearing import Hearing
from worker.engines.chatterbox.hearing.resampling import NARROW_RATE, resampled
from worker.errors import InvalidAudio

TOKEN_SAMPLES = 640
"""At 16 kHz: 40 ms."""


def tokens_of(source: Clip, hearing: Hearing) -> Tensor:
    """What `source` says, in speech tokens, int64 `[n]`, for another voice to say (`ChatterboxVC.generate`).

    Raises:
        InvalidAudio: the clip is shorter than a token.

    """
    heard = resampled(source.samples, source.sample_rate, NARROW_RATE)
    if len(heard) < TOKEN_SAMPLES:
        raise InvalidAudio("the recording is shorter than 40 ms: nothing is said in it")
    return hearing.tokens(torch.tensor(heard))[0]
