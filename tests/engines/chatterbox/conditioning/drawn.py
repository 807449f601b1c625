"""Conditionings of random numbers, for what does not ask whose they are."""

from __future__ import annotations

import numpy as np

from worker.engines.chatterbox.conditioning.conditioning import MEL, PROMPT, SPEAKER, TOKENS, X_VECTOR, Conditioning
from worker.engines.chatterbox.member import MEMBERS, START_SPEECH, Member


def drawn(seed: int, *, tokens: int = 50, prompt: int = 40, member: Member = MEMBERS["original"]) -> Conditioning:
    """A conditioning that depends on `seed` alone."""
    chance = np.random.default_rng(seed)
    return Conditioning.from_arrays(
        {
            SPEAKER: chance.random(256, dtype=np.float32),
            PROMPT: chance.integers(0, START_SPEECH, prompt),
            TOKENS: chance.integers(0, START_SPEECH, tokens),
            MEL: chance.standard_normal((2 * tokens, 80), dtype=np.float32) - 6,
            X_VECTOR: chance.standard_normal(192, dtype=np.float32),
        },
        member,
    )
