"""A bell that wakes every coroutine waiting for a change."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


class Bell:
    def __init__(self) -> None:
        self._waiting: set[asyncio.Future[None]] = set()

    def ring(self) -> None:
        for future in self._waiting:
            if not future.done():
                future.set_result(None)
        self._waiting.clear()

    async def until(self, get: Callable[[], T | None], hold_sec: float) -> T | None:
        """The first truthy value of `get`, asked now and after each ring; its last value when the hold is over."""
        loop = asyncio.get_running_loop()
        end = loop.time() + hold_sec
        while not (value := get()) and (left_sec := end - loop.time()) > 0:
            future: asyncio.Future[None] = loop.create_future()
            self._waiting.add(future)
            await asyncio.wait((future,), timeout=left_sec)
            self._waiting.discard(future)
        return value
