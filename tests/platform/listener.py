"""A listening socket on loopback that can be closed without losing the connections it is just accepting."""

from __future__ import annotations

import asyncio
import errno
import socket
from collections.abc import Callable
from typing import Self

BACKLOG = 128


class Listener:
    """Accepts by itself on the running loop: closing an `asyncio.Server` leaks what it is just accepting."""

    def __init__(self, bound: socket.socket, protocol: Callable[[], asyncio.BaseProtocol]) -> None:
        self._socket = bound
        self._protocol = protocol
        bound.setblocking(False)
        bound.listen(BACKLOG)
        self._accepting = asyncio.get_running_loop().create_task(self._accept())

    @classmethod
    def on(cls, port: int, protocol: Callable[[], asyncio.BaseProtocol]) -> Self:
        return cls(bound_socket(port), protocol)

    @property
    def port(self) -> int:
        port: int = self._socket.getsockname()[1]
        return port

    async def close(self) -> None:
        """Refuses new connections; those that it had accepted live on."""
        self._socket.shutdown(socket.SHUT_RDWR)
        await self._accepting
        self._socket.close()

    async def _accept(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            try:
                connection, _ = await loop.sock_accept(self._socket)
            except OSError as error:
                if error.errno == errno.EINVAL:  # shut down
                    return
                raise
            await loop.connect_accepted_socket(self._protocol, connection)


def bound_socket(port: int) -> socket.socket:
    """Bound to 127.0.0.1; several may be bound to one port as long as only one listens."""
    bound = socket.socket()
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    bound.bind(("127.0.0.1", port))
    return bound
