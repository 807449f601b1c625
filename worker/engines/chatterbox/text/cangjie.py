"""Cangjie: Chinese characters spelled by the keys that type them, as the multilingual members read them."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping


def spellings(entries: Iterable[str]) -> Mapping[str, str]:
    """By character, its tokens; `entries` are lines of character, tab, keys.

    Of characters with the same keys, all but the first have their number among them after the keys.

    Raises:
        ValueError: an entry is no such line.

    """
    keys: dict[str, str] = {}
    sharing: dict[str, list[str]] = {}
    for entry in entries:
        character, typed = entry.split("\t")[:2]
        keys[character] = typed
        sharing.setdefault(typed, []).append(character)
    return {character: _tokens(typed, sharing[typed].index(character)) for character, typed in keys.items()}


def spelled(text: str, tokens: Mapping[str, str]) -> str:
    """`text` with every character of `tokens` as its tokens."""
    return "".join(tokens.get(c, c) if unicodedata.category(c) == "Lo" else c for c in text)


def _tokens(typed: str, number: int) -> str:
    return "".join(f"[cj_{key}]" for key in f"{typed}{number or ''}") + "[cj_.]"
