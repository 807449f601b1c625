"""Languages: a tag in the form that voices have, and how well a voice's answers the one asked for."""

from __future__ import annotations

import re
from itertools import takewhile

SCRIPT = re.compile(r"[a-z]{4}")
REGION = re.compile(r"[a-z]{2}|[0-9]{3}")


def closeness(asked: str, spoken: str) -> int:
    """Zero if the primary subtags differ; else higher the more leading subtags agree, an exact match highest.

    es answers es-MX, and es-ES answers es-MX when nobody speaks es-MX. Case and underscores do not matter.
    """
    wanted, offered = (tag.casefold().replace("_", "-").split("-") for tag in (asked, spoken))
    agreeing = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(wanted, offered, strict=False)))
    return 2 * agreeing + (wanted == offered)


def canonical(tag: str) -> str:
    """A BCP-47 tag as voices have it: zh_hant_TW is zh-Hant-TW; beyond language, script and region nothing stays."""
    language, *rest = tag.casefold().replace("_", "-").split("-")
    script = rest.pop(0).title() if rest and SCRIPT.fullmatch(rest[0]) else ""
    region = rest.pop(0).upper() if rest and REGION.fullmatch(rest[0]) else ""
    return "-".join(part for part in (language, script, region) if part)
