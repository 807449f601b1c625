"""Names as people type them: matched without regard to case, accents and separators."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

from rapidfuzz import fuzz, process

from voice_library.errors import may_echo
from voice_library.voice import VOICE_ID

SEPARATORS = re.compile(r"[\s_-]+")
LEAST_LIKENESS = 70
"""Per cent of the letters of both: Sara, Sahra and Srah are meant for Sarah."""
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
    if not may_echo(name):
        return ()
    close = process.extract(fold(name), list(known), scorer=fuzz.ratio, score_cutoff=LEAST_LIKENESS, limit=3)
    return tuple(each for each, *_ in close)
