from __future__ import annotations

import numpy as np
import pytest

from voice_library.voice import Embedding, Reference, Voice, embedding_key


@pytest.fixture
def voice() -> Voice:
    """A voice with everything a file can hold, small enough to mutate thousands of times."""
    random = np.random.default_rng(7)
    return Voice(
        id="test-voice",
        names=("Té Voix", "ゆき"),
        language="fr-CA",
        gender="neutral",
        tier="premium",
        engines={"espeak": {"voice": "fr", "variant": "f2", "pitch": 55, "gain": 0.1}},
        reference=Reference(
            samples=random.uniform(-1, 1, 700).astype(np.float32),
            sample_rate=24_000,
        ),
        embeddings={
            embedding_key("chatterbox", "v1.0"): Embedding(
                {
                    "t3.speaker_emb": random.normal(size=(1, 16)).astype(np.float32),
                    "gen.tokens": random.integers(0, 6561, (1, 12)),
                    "gen.feat": random.normal(size=(2, 3, 4)).astype(np.float16),
                    "t3.emotion": np.array(0.5, dtype=np.float32),
                }
            ),
            embedding_key("chatterbox", "5c1f8e2"): Embedding({"codes": np.arange(9, dtype=np.int16)}),
        },
        licence="CC-BY-4.0",
        consent="signed 2025-01-02",
        source="made by the test",
        aliases=("verse",),
    )
