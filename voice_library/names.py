"""Names as people type them: matched without regard to case, accents and separators."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from difflib import get_close_matches

from voice_library.errors import may_echo
from voice_library.voice import VOICE_ID

SEPARATORS = re.compile(r"[\s_-]+")
MAX_CHARACTERS = 256
"""A longer string names nothing, and folding it would be work for the caller's profit."""


def fold(name: str) -> str:
    """`name` in the form names are compared in: LÉA is lea, and Creole Narrator is creole_narrator."""
    if len(name) > MAX_CHARACTERS:
        return ""
    decomposed = unicodedata.normalize("NFKD", name.casefold())
    letters = "".join(letter for letter in decomposed if not unicodedata.combining(letter))
    return SEPARATORS.sub("-", letters.casefold().strip())


def as_voice_id(name: str) -> str | None:
    """`name` if it is a voice id, else the id it folds to, if it does: My Voice is my-voice, ../x is nothing."""
    ids = (name, fold(name)) if name.isprintable() else ()
    return next((one for one in ids if re.fullmatch(VOICE_ID, one)), None)


def close_names(name: str, known: Iterable[str]) -> tuple[str, ...]:
    """Up to three of the folded names in `known` that `name` may have meant, the closest first."""
    return tuple(get_close_matches(fold(name), list(known), n=3, cutoff=0.7)) if may_echo(name) else ()
