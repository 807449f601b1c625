"""An asyncio loop in a thread of its own, for servers that synchronous tests talk to."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine
from typing import TypeVar

T = TypeVar("T")

CALL_SEC = 10.0
"""A test bed that does not answer for so long has a bug."""

TURNS = 5
"""Of the loop until transports that were closed in the last one have let go of their sockets."""


class LoopThread:
    """Runs coroutines and plain functions on its loop and hands back what they return."""

    def __init__(self, name: str) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name=name, daemon=True)
        self._thread.start()

    def run(self, coroutine: Coroutine[object, object, T]) -> T:
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(CALL_SEC)

    def call(self, function: Callable[[], T]) -> T:
        async def run() -> T:
            return function()

        return self.run(run())

    def close(self) -> None:
        self.run(_cancel_the_others())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(CALL_SEC)
        self._loop.close()


async def _cancel_the_others() -> None:
    tasks = asyncio.all_tasks() - {asyncio.current_task()}
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    for _ in range(TURNS):
        await asyncio.sleep(0)
