"""An aiohttp application on one loopback port that it can leave and come back to."""

from __future__ import annotations

import asyncio

from aiohttp import web

from tests.platform.listener import Listener, bound_socket

MAX_BODY_BYTES = 1 << 28


class Server:
    """Lives on the loop that `start` is awaited on."""

    def __init__(self, app: web.Application) -> None:
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        self.port = 0
        """Known from the start on."""
        self._listener: Listener | None = None
        self._outage: asyncio.Task[None] | None = None

    async def start(self) -> None:
        self._claim = bound_socket(0)
        """Never listens: it keeps the port ours while the server is down."""
        self.port = self._claim.getsockname()[1]
        await self._runner.setup()
        self._listen()

    async def stop(self) -> None:
        if self._outage is not None:
            self._outage.cancel()
            await asyncio.gather(self._outage, return_exceptions=True)
        await self._leave()
        await self._runner.cleanup()
        self._claim.close()

    def go_down(self, seconds: float) -> None:
        """Drops every connection and refuses new ones for so long; returns at once."""
        if self._outage is None or self._outage.done():
            self._outage = asyncio.get_running_loop().create_task(self._be_down(seconds))

    async def _be_down(self, seconds: float) -> None:
        await self._leave()
        await asyncio.sleep(seconds)
        self._listen()

    def _listen(self) -> None:
        server = self._runner.server
        assert server is not None
        self._listener = Listener.on(self.port, server)

    async def _leave(self) -> None:
        if self._listener is not None:
            listener, self._listener = self._listener, None
            await listener.close()
        for connection in self._runner.server.connections if self._runner.server else ():
            if connection.transport is not None:
                connection.transport.abort()
