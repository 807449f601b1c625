"""Succession: what becomes of a saved voice when another of its name is saved."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from voice_library.metadata import MAX_REFERENCE_SEC
from voice_library.voice import Embedding, Reference, Voice


def succeeding(voice: Voice, before: Voice | None) -> Voice:
    """The voice as it takes the place of `before`: its next version, or the same recording with all it has."""
    if before is None:
        return voice
    if not same(before, voice):
        return replace(voice, id=before.id, version=before.version + 1)
    return replace(
        voice,
        id=before.id,
        version=before.version,
        embeddings={**before.embeddings, **voice.embeddings},
        consent=voice.consent or before.consent,
        licence=voice.licence or before.licence,
    )


def same(one: Voice, other: Voice) -> bool:
    """Whether both have one recording or, without, share an embedding; made for the same name and language."""
    if (one.names, one.language) != (other.names, other.language):
        return False
    if one.reference is None or other.reference is None:
        return one.reference is other.reference and _share(one.embeddings, other.embeddings)
    return one.reference.digest == other.reference.digest


def short_enough(voice: Voice) -> Voice:
    """The voice with as much of its reference as a voice file may hold."""
    reference = voice.reference
    if reference is None or reference.duration_sec <= MAX_REFERENCE_SEC:
        return voice
    samples = reference.samples[: int(MAX_REFERENCE_SEC * reference.sample_rate)]
    return replace(voice, reference=Reference(samples=samples.copy(), sample_rate=reference.sample_rate))


def _share(one: Mapping[str, Embedding], other: Mapping[str, Embedding]) -> bool:
    return any(one[key].digest == other[key].digest for key in one.keys() & other.keys())
