"""Voice tags: `[voice:anna]` in a text hands over to another speaker."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from worker.errors import InvalidRequest

_TAG = re.compile(r"\[voice(?:\]|:(?:(?P<name>[^\[\]\n]{0,300}+)(?P<end>\])?)?)", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """What one speaker says before the next one does."""

    start: int
    end: int
    """Its span in the source without the tag, half open."""
    voice: str | None
    """Name in the tag before it; None before the first tag."""


def has_voice_tags(source: str) -> bool:
    """Whether something in a text looks like a voice tag."""
    return _TAG.search(source) is not None


def stretches(source: str) -> list[Stretch]:
    """The stretches of a text, in order; those with nothing but white space are left out.

    Raises:
        InvalidRequest: a tag cannot be read.

    """
    return [each for each in _between_tags(source) if source[each.start : each.end].strip()]


def _between_tags(source: str) -> Iterator[Stretch]:
    start, voice = 0, None
    for tag in _TAG.finditer(source):
        yield Stretch(start=start, end=tag.start(), voice=voice)
        start, voice = tag.end(), _name(tag)
    yield Stretch(start=start, end=len(source), voice=voice)


def _name(tag: re.Match[str]) -> str:
    name = (tag["name"] or "").strip()
    if not name or not tag["end"]:
        raise InvalidRequest(
            "A voice tag cannot be read. Write [voice:sarah], with the id or name of a voice or profile.", field="text"
        )
    return name
