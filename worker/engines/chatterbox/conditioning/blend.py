"""A blend: somebody between several speakers."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from voice_library.voice import Embedding
from worker.engines.chatterbox.conditioning.conditioning import SPEAKER, X_VECTOR, Conditioning
from worker.engines.chatterbox.member import Member
from worker.errors import UnsupportedVoice

LEAST_AGREEMENT = 1e-3
"""Length of a mean of directions, 1 where all are the same, under which it points where rounding errors do."""

Vector = NDArray[Any]


def blended(parts: Sequence[Conditioning], shares: Sequence[float], member: Member) -> Conditioning:
    """Somebody between the speakers of `parts`, of whom each has its share, over 0; the shares sum to one.

    T3's speaker embedding is the mean of theirs, brought to length 1 as each of them is and as upstream makes one of
    several recordings (`utt_to_spk_embed` in `models/voice_encoder/voice_encoder.py` of chatterbox-tts). S3Gen's
    x-vector is the mean of their directions, which is all that the flow takes of it (`inference` in
    `models/s3gen/flow.py`), at the mean of their lengths. Speech tokens and mel are of one recording each and have no
    mean: they are the largest part's, of equals the first's; so the blend's manner is that one's. What is the same in
    all parts is the same here, bit for bit.

    Raises:
        UnsupportedVoice: the speakers are each other's opposites, or their numbers are beyond all measure.

    """
    largest = parts[shares.index(max(shares))]
    speaker = _between([part.speaker for part in parts], shares, unit=True)
    x_vector = _between([part.x_vector for part in parts], shares, unit=False)
    arrays = {**largest.to_embedding(), SPEAKER: speaker, X_VECTOR: x_vector}
    return Conditioning.from_embedding(Embedding(arrays), member)


def _between(vectors: Sequence[Vector], shares: Sequence[float], *, unit: bool) -> NDArray[np.float32]:
    """The mean direction, at length 1 or at the mean length."""
    first = vectors[0]
    if all(np.array_equal(vector, first) for vector in vectors):
        return first
    lengths = [_length(vector) for vector in vectors]
    directions = [vector.astype(np.float64) / (length or 1.0) for vector, length in zip(vectors, lengths, strict=True)]
    mean = _mean(directions, shares)
    agreement = _length(mean)
    if agreement < LEAST_AGREEMENT:
        raise UnsupportedVoice(
            "the voices of the blend are each other's opposites, and nobody is between them: "
            "give one of them more weight, or choose others",
            field="voice",
        )
    length = 1.0 if unit else math.fsum(length * share for length, share in zip(lengths, shares, strict=True))
    return (mean * (length / agreement)).astype(np.float32)


def _mean(vectors: Sequence[Vector], shares: Sequence[float]) -> Vector:
    """Float64 [n]. Each sum is rounded once, at its end, so that the order of the parts does not show."""
    weighted = np.array([share * vector for share, vector in zip(shares, vectors, strict=True)])
    return np.array([math.fsum(column) for column in weighted.T])


def _length(vector: Vector) -> float:
    return math.hypot(*vector.tolist())
