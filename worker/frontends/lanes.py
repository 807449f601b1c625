"""Lanes: how many jobs run at once, and a lane kept free of long ones."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

from worker.request import ALIASES

LONG_CHARS = 3000
"""From about three minutes of speech on, a job may not take the last lane."""


class Lanes:
    """Jobs wait here in the order they came; long ones leave a lane to the short, where there are two or more."""

    def __init__(self, count: int) -> None:
        self._any = asyncio.Semaphore(count)
        self._long = asyncio.Semaphore(max(1, count - 1))

    @asynccontextmanager
    async def lane(self, given: object) -> AsyncIterator[None]:
        """A lane for a job with that `input`, as soon as there is one."""
        if is_long(given):
            async with self._long, self._any:
                yield
        else:
            async with self._any:
                yield


def is_long(given: object) -> bool:
    """Whether a job's `input` holds a long text, under whatever name; a recording in base64 is none."""
    if not isinstance(given, Mapping):
        return False
    texts = [given.get(name) for name in ("text", *ALIASES["text"])]
    return any(isinstance(text, str) and len(text) >= LONG_CHARS for text in texts)
