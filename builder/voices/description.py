"""Descriptions of voices, for people and for programs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from builder.voices.holdings import Holding
from voice_library.voice import Embedding, Voice

COLUMNS = (
    "id", "names", "language", "gender", "tier", "seconds", "embeddings", "licence", "consent", "tags", "listed",
)  # fmt: skip


def row(held: Holding) -> dict[str, Any]:
    """What a list says of a voice."""
    voice = held.voice
    return {
        "id": voice.id,
        "names": list(voice.names),
        "language": voice.language,
        "gender": voice.gender,
        "tier": voice.tier,
        "seconds": round(voice.reference.duration_sec, 2) if voice.reference else None,
        "embeddings": sorted(voice.embeddings),
        "licence": voice.licence or None,
        "consent": bool(voice.consent),
        "tags": list(voice.tags),
        "listed": held.listed,
    }


def whole(voice: Voice, held: Holding, folder: Path) -> dict[str, Any]:
    """Everything that is known of a voice, its recording's report aside; `voice` has what its file holds."""
    path = folder / held.file if held.file else None
    return row(held) | {
        "consent": voice.consent or None,
        "aliases": list(voice.aliases),
        "source": voice.source or None,
        "version": voice.version,
        "engines": {name: dict(settings) for name, settings in voice.engines.items()},
        "options": dict(voice.options),
        "lexicon": dict(voice.lexicon),
        "file": held.file,
        "size_bytes": path.stat().st_size if path else None,
        "sample_rate": voice.reference.sample_rate if voice.reference else None,
        "embeddings": {key: arrays(embedding) for key, embedding in sorted(voice.embeddings.items())},
    }


def arrays(embedding: Embedding) -> list[dict[str, Any]]:
    """Name, kind, shape and bytes of each array."""
    return [
        {"array": name, "kind": str(array.dtype), "shape": list(array.shape), "bytes": array.nbytes}
        for name, array in sorted(embedding.items())
    ]
