"""Voices for stores, and what reading them takes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from voice_library.voice import Embedding, Reference, Voice
from worker.delivery.s3.connection import Connection

RATE = 8000


def made(voice_id: str = "me", *, value: float = 0.1, seconds: float = 1.0, words: int = 0) -> Voice:
    """A voice with a recording of 32 kB per second, two embeddings, and a lexicon of so many words."""
    samples = np.full(int(seconds * RATE), value, dtype=np.float32)
    return Voice(
        id=voice_id,
        names=(voice_id,),
        language="ht",
        gender="female",
        reference=Reference(samples=samples, sample_rate=RATE),
        embeddings={
            "tone/1": Embedding({"f0_hz": np.float32([value]), "tokens": np.arange(5)}),
            "other/1": Embedding({"x": np.full((3, 7), value), "y": np.arange(4.0)}),
        },
        lexicon={f"word{number}": "said so" for number in range(words)},
    )


def same(one: Voice, other: Voice) -> bool:
    """To the last bit of every array."""
    assert one.reference is not None
    assert other.reference is not None
    digests = [{key: each.digest for key, each in voice.embeddings.items()} for voice in (one, other)]
    return one.id == other.id and one.reference.digest == other.reference.digest and digests[0] == digests[1]


Answers = list[tuple[str, int]]
"""Operations, and how many bytes their answers had."""


@contextmanager
def counted(connection: Connection) -> Iterator[Answers]:
    """The answers that come over a connection from now on."""
    answers: Answers = []

    def note(http_response: Any, model: Any, **_event: object) -> None:
        answers.append((model.name, len(http_response.content)))

    events = connection.client.meta.events
    events.register("after-call.s3", note)
    yield answers
    events.unregister("after-call.s3", note)
