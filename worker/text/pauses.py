"""Pause tags: `[pause]`, `[pause:500ms]`, `[pause:1.5s]`."""

from __future__ import annotations

import re
from dataclasses import dataclass

from worker.errors import InvalidRequest

DEFAULT_PAUSE_SEC = 0.5
"""What a bare `[pause]` is worth."""
MAX_PAUSE_SEC = 60.0

_TAG = re.compile(r"\[pause(?:\]|(?P<colon>:)(?:(?P<length>[^\[\]\n]{0,32}+)(?P<end>\])?)?)", re.IGNORECASE)
_LENGTH = re.compile(r"\s*(?P<number>[0-9]{1,9}(?:[.,][0-9]{1,9})?|[.,][0-9]{1,9})\s*(?P<unit>ms|s)\s*", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pause:
    """One tag, or several in a row."""

    start: int
    end: int
    """Its span in the source, half open."""
    length_sec: float


def find_pauses(source: str) -> list[Pause]:
    """The tags of a text, in order; tags with only white space between them are one pause, as long as all together.

    Raises:
        InvalidRequest: a tag cannot be read or asks for more than `MAX_PAUSE_SEC`.
    """
    pauses: list[Pause] = []
    for tag in _TAG.finditer(source):
        pause = Pause(start=tag.start(), end=tag.end(), length_sec=_length_sec(tag))
        if pauses and not source[pauses[-1].end : pause.start].strip():
            before = pauses.pop()
            pause = Pause(start=before.start, end=pause.end, length_sec=before.length_sec + pause.length_sec)
        pauses.append(pause)
    return pauses


def _length_sec(tag: re.Match[str]) -> float:
    if not tag["colon"]:
        return DEFAULT_PAUSE_SEC
    length = _LENGTH.fullmatch(tag["length"] or "")
    if length is None or not tag["end"]:
        raise InvalidRequest(
            "A pause tag cannot be read. Write [pause:1.5s] for seconds, [pause:500ms] for milliseconds, "
            f"or [pause] for {DEFAULT_PAUSE_SEC:g} s.",
            field="text",
        )
    seconds = float(length["number"].replace(",", ".")) / (1000 if length["unit"].lower() == "ms" else 1)
    if seconds > MAX_PAUSE_SEC:
        raise InvalidRequest(
            f"A pause tag asks for more than {MAX_PAUSE_SEC:g} s. Write [pause:{MAX_PAUSE_SEC:g}s] or less; "
            "several tags in a row add up.",
            field="text",
        )
    return seconds
