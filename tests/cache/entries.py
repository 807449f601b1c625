"""Utterances and entries to keep."""

from __future__ import annotations

import numpy as np

from voice_library.voice import Embedding, Reference, Voice
from worker.audio.clip import Clip, Word
from worker.cache.entry import Entry, unchangeable
from worker.engines.base import Rejected, Utterance, Verdict
from worker.request import EngineOptions

RATE = 24_000
VERDICT = Verdict(
    seed=2**63,
    engine="fake",
    attempts=3,
    end="token_limit",
    speech_tokens=(0, 6561, 17),
    failed=("pace",),
    rejected=(Rejected(seed=1, engine="fake", failed=("asr", "pace")), Rejected(seed=2, engine="fake", failed=())),
)


def voice(**changes: object) -> Voice:
    values: dict[str, object] = {
        "id": "someone",
        "names": ("Someone",),
        "language": "en",
        "gender": "neutral",
        "engines": {"fake": {"pitch": 50, "file": "a"}},
        "reference": Reference(samples=np.linspace(-1, 1, 50, dtype=np.float32), sample_rate=16_000),
        "embeddings": {"fake/1": Embedding({"speaker": np.arange(6, dtype=np.float32).reshape(2, 3)})},
    }
    return Voice(**{**values, **changes})  # type: ignore[arg-type]  # as the fields are


def utterance(text: str = "hello", **changes: object) -> Utterance:
    values: dict[str, object] = {
        "index": 0,
        "text": text,
        "start": 0,
        "end": 5,
        "engine": "fake",
        "voice": voice(),
        "language": "en",
        "options": EngineOptions(temperature=0.8),
        "seed": 7,
    }
    return Utterance(**{**values, **changes})  # type: ignore[arg-type]  # as the fields are


def noise(frames: int, seed: int = 1) -> np.ndarray:
    return np.random.default_rng(seed).uniform(-1, 1, frames).astype(np.float32)


def entry(
    *parts: np.ndarray, verdict: Verdict = VERDICT, made_at: float = 1000.25, words: tuple[Word, ...] = ()
) -> Entry:
    clips = (unchangeable(Clip(samples=part, sample_rate=RATE, words=words)) for part in parts or (noise(40),))
    return Entry(clips=tuple(clips), verdict=verdict, made_at=made_at)


def same(one: Entry, other: Entry) -> bool:
    """To the last bit, minus zero and not-a-number included."""
    return (
        one.verdict == other.verdict
        and one.made_at == other.made_at
        and len(one.clips) == len(other.clips)
        and all(
            (a.sample_rate, a.words, a.samples.dtype, a.samples.tobytes())
            == (b.sample_rate, b.words, b.samples.dtype, b.samples.tobytes())
            for a, b in zip(one.clips, other.clips, strict=True)
        )
    )
