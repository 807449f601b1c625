"""A TCP proxy on loopback that delays, slows, cuts or swallows what passes."""

from __future__ import annotations

import asyncio
import random
import socket
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from tests.platform.listener import Listener
from tests.platform.loop_thread import LoopThread

BLOCK_BYTES = 16 * 1024
QUEUED_BLOCKS = 256
"""On their way at once; more would be the latency of a longer line."""

Arrivals = asyncio.Queue[tuple[bytes, float] | None]


class Reset(Exception):
    """The connection is to end with RST."""


class Close(Exception):
    """The connection is to end with FIN."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Toxic:
    """What happens to one direction of a connection; counts are of bytes since it was opened."""

    latency_sec: float = 0.0
    bytes_per_sec: float | None = None
    reset_after_bytes: int | None = None
    """Then both sides get RST."""
    close_after_bytes: int | None = None
    """Then both sides get FIN."""
    hang_after_bytes: int | None = None
    """Then all is swallowed, while the connection stays open."""
    probability: float = 1.0
    """Of a connection being hit at all."""


@dataclass(slots=True)
class ChaosProxy:
    """Forwards to 127.0.0.1:`target_port`; what is set applies to the connections opened from then on."""

    target_port: int
    up: Toxic = field(default_factory=Toxic)
    """From the client to the target."""
    down: Toxic = field(default_factory=Toxic)
    """From the target to the client."""
    refuse_probability: float = 0.0
    """Of a new connection being reset at once."""
    seed: int = 0
    port: int = 0
    connections: int = 0
    """Opened so far."""
    _random: random.Random = field(init=False)
    _open: dict[asyncio.Task[None], asyncio.StreamWriter] = field(default_factory=dict)
    """Without it nothing would hold the tasks: streams know their readers weakly."""

    def __post_init__(self) -> None:
        self._random = random.Random(self.seed)

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def listen(self) -> Listener:
        loop = asyncio.get_running_loop()
        listener = Listener.on(
            0, lambda: asyncio.StreamReaderProtocol(asyncio.StreamReader(loop=loop), self._accept, loop=loop)
        )
        self.port = listener.port
        return listener

    async def stop(self, listener: Listener) -> None:
        await listener.close()
        tasks = list(self._open)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.get_running_loop().create_task(self._forward(reader, writer))
        self._open[task] = writer
        task.add_done_callback(lambda task: self._open.pop(task).transport.abort())

    async def _forward(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        if self._random.random() < self.refuse_probability:
            _reset(writer)
            return
        up, down = self._drawn(self.up), self._drawn(self.down)
        try:
            target_reader, target_writer = await asyncio.open_connection("127.0.0.1", self.target_port)
        except OSError:
            _reset(writer)
            return
        await _join(
            (
                asyncio.create_task(_pump(reader, target_writer, up)),
                asyncio.create_task(_pump(target_reader, writer, down)),
            ),
            (writer, target_writer),
        )

    def _drawn(self, toxic: Toxic) -> Toxic:
        return toxic if self._random.random() < toxic.probability else Toxic()


@contextmanager
def chaos_proxy(
    target_port: int,
    *,
    up: Toxic | None = None,
    down: Toxic | None = None,
    refuse_probability: float = 0.0,
    seed: int = 0,
) -> Iterator[ChaosProxy]:
    """A running proxy before 127.0.0.1:`target_port`; its `up`, `down` and `refuse_probability` may be set anew."""
    proxy = ChaosProxy(target_port, up or Toxic(), down or Toxic(), refuse_probability, seed)
    thread = LoopThread("chaos proxy")
    try:
        listener = thread.run(proxy.listen())
        try:
            yield proxy
        finally:
            thread.run(proxy.stop(listener))
    finally:
        thread.close()


async def _join(pumps: tuple[asyncio.Task[None], ...], writers: tuple[asyncio.StreamWriter, ...]) -> None:
    """Waits for both directions, or for the first that ends the connection, and closes both sides the same way."""
    try:
        done, _ = await asyncio.wait(pumps, return_when=asyncio.FIRST_EXCEPTION)
        end = _reset if any(isinstance(task.exception(), Reset | ConnectionResetError) for task in done) else _close
        for writer in writers:
            end(writer)
    finally:
        for pump in pumps:
            pump.cancel()
        await asyncio.gather(*pumps, return_exceptions=True)
        for writer in writers:
            writer.transport.abort()


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, toxic: Toxic) -> None:
    """Passes one direction on until its end. Raises: Reset or Close when the toxic says so."""
    writer.transport.set_write_buffer_limits(0)  # what is drained has left
    left_bytes, end = _cut(toxic)
    arrivals: Arrivals = asyncio.Queue(QUEUED_BLOCKS)
    receiving = asyncio.create_task(_receive(reader, arrivals))
    try:
        while (arrival := await arrivals.get()) is not None:
            block, at_sec = arrival
            await asyncio.sleep(at_sec + toxic.latency_sec - asyncio.get_running_loop().time())
            if toxic.bytes_per_sec is not None:
                await asyncio.sleep(len(block) / toxic.bytes_per_sec)
            writer.write(block[:left_bytes])
            await writer.drain()
            if left_bytes is not None:
                left_bytes = max(0, left_bytes - len(block))
                if left_bytes == 0 and end is not None:
                    raise end
        await receiving
    finally:
        receiving.cancel()
        await asyncio.gather(receiving, return_exceptions=True)
    if left_bytes != 0 and writer.can_write_eof():
        writer.write_eof()


async def _receive(reader: asyncio.StreamReader, arrivals: Arrivals) -> None:
    """Stamps every block with its time of arrival; None is the end, after which an error is raised if there was one."""
    try:
        while block := await reader.read(BLOCK_BYTES):
            await arrivals.put((block, asyncio.get_running_loop().time()))
    except ConnectionError:
        await arrivals.put(None)
        raise
    await arrivals.put(None)


def _cut(toxic: Toxic) -> tuple[int | None, Exception | None]:
    """After how many bytes the flow is cut, and how; None and None: never, a number and None: by silence."""
    cuts: list[tuple[int, Exception | None]] = []
    if toxic.reset_after_bytes is not None:
        cuts.append((toxic.reset_after_bytes, Reset()))
    if toxic.close_after_bytes is not None:
        cuts.append((toxic.close_after_bytes, Close()))
    if toxic.hang_after_bytes is not None:
        cuts.append((toxic.hang_after_bytes, None))
    return min(cuts, key=lambda cut: cut[0], default=(None, None))


def _reset(writer: asyncio.StreamWriter) -> None:
    connection = writer.get_extra_info("socket")
    if connection is not None:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


def _close(writer: asyncio.StreamWriter) -> None:
    writer.close()
