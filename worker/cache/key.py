"""Keys: a digest of everything that an utterance's samples follow from, and of nothing else."""

from __future__ import annotations

import hashlib
import json
import re

from voice_library.voice import Voice
from worker.engines.base import Utterance

FORMAT_VERSION = 2
"""Goes up when what is kept, or how, changes its meaning; the entries before are then never found again."""
KEY_BYTES = 32
INGREDIENTS = frozenset({"text", "engine", "voice", "language", "speed", "options", "seed"})
"""Fields of an utterance that change its samples."""
LEFT_OUT = frozenset({"index", "start", "end", "lead_sec", "pause_sec", "job", "priority", "live"})
"""Fields that say where an utterance stands and who waits for it, not how it sounds; what is made live is not kept."""
VOICE_INGREDIENTS = frozenset({"language", "gender", "engines", "reference", "embeddings"})
VOICE_LEFT_OUT = frozenset(
    {"id", "names", "tier", "licence", "consent", "source", "aliases", "lexicon", "options", "tags", "version"}
)
"""Two voices may share an id and sound different; what they are called changes no sample, the lexicon has changed
the text already, and the options those of the utterance."""

_KEY = re.compile(rf"[0-9a-f]{{{2 * KEY_BYTES}}}")


def key_of(utterance: Utterance, engine_revision: str) -> str:
    """64 hexadecimal digits that change with whatever changes the samples of `utterance`.

    Args:
        utterance: one with a text; what a recording says is not in it.
        engine_revision: `Engine.revision`, with that of whatever else decides which rendering is kept.
    """
    said = {
        "format": FORMAT_VERSION,
        "revision": engine_revision,
        "text": utterance.text,
        "engine": utterance.engine,
        "voice": _voice(utterance.voice, utterance.engine),
        "language": utterance.language,
        "speed": float(utterance.speed),
        "options": utterance.options.model_dump(exclude_none=True),
        "seed": utterance.seed,
    }
    # ASCII with escapes: one text has one form, and half a surrogate pair has one too.
    return hashlib.blake2b(json.dumps(said, sort_keys=True).encode("ascii"), digest_size=KEY_BYTES).hexdigest()


def is_key(text: str) -> bool:
    """Whether it is of the form that `key_of` makes, and so safe in a path."""
    return _KEY.fullmatch(text) is not None


def _voice(voice: Voice, engine: str) -> dict[str, object]:
    """Of what was derived from its reference, what is that engine's."""
    reference = voice.reference
    return {
        "language": voice.language,
        "gender": voice.gender,
        "engines": {name: dict(settings) for name, settings in voice.engines.items()},
        "reference": None if reference is None else reference.digest.hex(),
        "embeddings": {
            key: embedding.digest.hex() for key, embedding in voice.embeddings.items() if key.startswith(f"{engine}/")
        },
    }
