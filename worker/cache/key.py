"""Keys: a digest of everything that an utterance's samples follow from, and of nothing else."""

from __future__ import annotations

import hashlib
import json
import re
import weakref
from typing import Any

from numpy.typing import NDArray

from voice_library.voice import Voice
from worker.engines.base import Utterance

FORMAT_VERSION = 1
"""Goes up when what is kept, or how, changes its meaning; the entries before are then never found again."""
KEY_BYTES = 32
INGREDIENTS = frozenset({"text", "engine", "voice", "language", "speed", "options", "seed"})
"""Fields of an utterance that change its samples."""
LEFT_OUT = frozenset({"index", "start", "end", "lead_sec", "pause_sec"})
"""Fields that say where an utterance stands, not how it sounds."""
VOICE_INGREDIENTS = frozenset({"language", "gender", "engines", "reference", "embeddings"})
VOICE_LEFT_OUT = frozenset({"id", "names", "tier", "licence", "consent", "source", "aliases", "lexicon"})
"""Two voices may share an id and sound different; what they are called changes no sample, and the
lexicon has changed the text already."""

_KEY = re.compile(rf"[0-9a-f]{{{2 * KEY_BYTES}}}")


class ArrayDigests:
    """Digests of arrays, each computed once for as long as the array lives; for any number of threads.

    Voices hold arrays that cannot be changed, and a voice that was copied with a change holds the same ones.
    """

    def __init__(self) -> None:
        self._known: dict[int, tuple[weakref.ref[NDArray[Any]], str]] = {}

    def __len__(self) -> int:
        return len(self._known)

    def of(self, array: NDArray[Any]) -> str:
        """The hexadecimal digest of type, shape and numbers; of an array that can be changed it is not remembered."""
        known = self._known.get(id(array))
        if known is not None and known[0]() is array:
            return known[1]
        digest = hashlib.blake2b(f"{array.dtype.str}{array.shape}".encode(), digest_size=KEY_BYTES)
        digest.update(array.tobytes())
        if not array.flags.writeable:
            self._remember(array, digest.hexdigest())
        return digest.hexdigest()

    def _remember(self, array: NDArray[Any], digest: str) -> None:
        place, known = id(array), self._known

        def forget(gone: weakref.ref[NDArray[Any]]) -> None:
            if (held := known.get(place)) is not None and held[0] is gone:
                del known[place]

        known[place] = (weakref.ref(array, forget), digest)


def key_of(utterance: Utterance, engine_revision: str, digests: ArrayDigests | None = None) -> str:
    """64 hexadecimal digits that change with whatever changes the samples of `utterance`.

    Args:
        utterance: one with a text; what a recording says is not in it.
        engine_revision: `Engine.revision`, with that of whatever else decides which rendering is kept.
        digests: where digests of the voice's arrays are remembered.
    """
    said = {
        "format": FORMAT_VERSION,
        "revision": engine_revision,
        "text": utterance.text,
        "engine": utterance.engine,
        "voice": _voice(utterance.voice, ArrayDigests() if digests is None else digests),
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


def _voice(voice: Voice, digests: ArrayDigests) -> dict[str, object]:
    reference = voice.reference
    return {
        "language": voice.language,
        "gender": voice.gender,
        "engines": {name: dict(settings) for name, settings in voice.engines.items()},
        "reference": None if reference is None else [reference.sample_rate, digests.of(reference.samples)],
        "embeddings": {
            name: {array_name: digests.of(array) for array_name, array in embedding.items()}
            for name, embedding in voice.embeddings.items()
        },
    }
