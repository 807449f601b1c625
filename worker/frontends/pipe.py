"""A pipe from the thread that makes audio to the event loop that sends it."""

from __future__ import annotations

import asyncio
import threading

from worker.jobs.progress import ProgressReport
from worker.reply import Reply

PIECE_BYTES = 700_000
"""Most audio of one piece: base64 makes 933 kB of it, and the platform takes 1 MB."""
WAITING_BYTES = 4 * PIECE_BYTES
"""Audio that may wait to be sent before the maker waits too."""


class Pipe:
    """Bytes that wait are merged, so a slow network costs pieces and not time."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._news = asyncio.Event()
        self._changed = threading.Condition()
        self._waiting = bytearray()
        self._report: ProgressReport | None = None
        self._reply: Reply | None = None
        self._closed = False

    def put(self, answer: bytes | Reply) -> bool:
        """Adds to the pipe, from the maker's thread; waits while it is full; False once it is closed."""
        with self._changed:
            self._changed.wait_for(lambda: self._closed or len(self._waiting) < WAITING_BYTES)
            if isinstance(answer, bytes):
                self._waiting += answer
            else:
                self._reply = answer
            self._loop.call_soon_threadsafe(self._news.set)
            return not self._closed

    def report(self, report: ProgressReport) -> None:
        """Adds the latest report, in place of one that waits, from any thread; it never waits."""
        with self._changed:
            if not self._closed:
                self._report = report
                self._loop.call_soon_threadsafe(self._news.set)

    def close(self) -> None:
        """Lets the maker go, from any thread: nobody reads on."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    async def get(self) -> bytes | ProgressReport | Reply:
        """What waits, up to PIECE_BYTES of it; the reply when nothing is before it any more, and no report then."""
        while True:
            with self._changed:
                if self._report is not None and self._reply is None:
                    report, self._report = self._report, None
                    return report
                if self._waiting:
                    piece = bytes(self._waiting[:PIECE_BYTES])
                    del self._waiting[:PIECE_BYTES]
                    self._changed.notify_all()
                    return piece
                if self._reply is not None:
                    return self._reply
                self._news.clear()
            await self._news.wait()
