"""How well the language of a voice answers a language asked for."""

from __future__ import annotations

from itertools import takewhile


def closeness(asked: str, spoken: str) -> int:
    """Zero if the primary subtags differ; else higher the more leading subtags agree, an exact match highest.

    es answers es-MX, and es-ES answers es-MX when nobody speaks es-MX. Case and underscores do not matter.
    """
    wanted, offered = (tag.casefold().replace("_", "-").split("-") for tag in (asked, spoken))
    agreeing = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(wanted, offered, strict=False)))
    return 2 * agreeing + (wanted == offered)
