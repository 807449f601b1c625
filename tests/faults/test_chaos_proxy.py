from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.faults.chaos_proxy import Toxic, chaos_proxy

REQUEST = b"q" * 100
REPLY_BYTES = 1000


@pytest.fixture
def target() -> Iterator[int]:
    """The port of a server that answers each 100 bytes with 1000 until its client is gone."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=serve, args=(listener,), daemon=True).start()
        yield listener.getsockname()[1]
        listener.shutdown(socket.SHUT_RDWR)


def serve(listener: socket.socket) -> None:
    while True:
        try:
            connection, _ = listener.accept()
        except OSError:
            return
        threading.Thread(target=reply, args=(connection,), daemon=True).start()


def reply(connection: socket.socket) -> None:
    with connection:
        try:
            while connection.recv(len(REQUEST), socket.MSG_WAITALL):
                connection.sendall(b"a" * REPLY_BYTES)
        except OSError:
            return


@contextmanager
def connected(port: int, timeout_sec: float = 10) -> Iterator[socket.socket]:
    with socket.create_connection(("127.0.0.1", port), timeout=timeout_sec) as client:
        yield client


def ask(client: socket.socket) -> bytes:
    client.sendall(REQUEST)
    return client.recv(REPLY_BYTES, socket.MSG_WAITALL)


def read_all(client: socket.socket, received: bytearray) -> None:
    while block := client.recv(REPLY_BYTES):
        received += block


def test_without_toxics_everything_passes(target: int) -> None:
    with chaos_proxy(target) as proxy, connected(proxy.port) as client:
        assert [len(ask(client)) for _ in range(3)] == [REPLY_BYTES] * 3
        client.shutdown(socket.SHUT_WR)
        assert client.recv(1) == b""
        assert proxy.connections == 1


@pytest.mark.parametrize("direction", ["up", "down"])
def test_latency_delays_each_exchange(target: int, direction: str) -> None:
    with chaos_proxy(target, **{direction: Toxic(latency_sec=0.1)}) as proxy, connected(proxy.port) as client:  # type: ignore[arg-type] # names of parameters
        begin = time.monotonic()
        ask(client)
        ask(client)
        assert time.monotonic() - begin >= 0.2


def test_a_rate_slows_the_flow(target: int) -> None:
    with chaos_proxy(target, down=Toxic(bytes_per_sec=5000)) as proxy, connected(proxy.port) as client:
        begin = time.monotonic()
        assert len(ask(client)) == REPLY_BYTES
        assert time.monotonic() - begin >= 0.2


@pytest.mark.parametrize("toxics", [{"up": Toxic(reset_after_bytes=50)}, {"down": Toxic(reset_after_bytes=300)}])
def test_a_reset_ends_the_connection_with_rst(target: int, toxics: dict[str, Toxic]) -> None:
    with (
        chaos_proxy(target, up=toxics.get("up"), down=toxics.get("down")) as proxy,
        connected(proxy.port) as client,
    ):
        client.sendall(REQUEST)
        with pytest.raises(ConnectionResetError):
            read_all(client, bytearray())


def test_a_close_ends_the_reply_short(target: int) -> None:
    with chaos_proxy(target, down=Toxic(close_after_bytes=300)) as proxy, connected(proxy.port) as client:
        assert len(ask(client)) == 300


@pytest.mark.parametrize(
    ("toxics", "passed"), [({"up": Toxic(hang_after_bytes=50)}, 0), ({"down": Toxic(hang_after_bytes=300)}, 300)]
)
def test_a_half_open_connection_swallows_the_rest(target: int, toxics: dict[str, Toxic], passed: int) -> None:
    with (
        chaos_proxy(target, up=toxics.get("up"), down=toxics.get("down")) as proxy,
        connected(proxy.port, timeout_sec=0.3) as client,
    ):
        client.sendall(REQUEST)
        received = bytearray()
        with pytest.raises(TimeoutError):
            read_all(client, received)
        assert len(received) == passed


def test_a_refused_connection_is_reset_at_once(target: int) -> None:
    with (
        chaos_proxy(target, refuse_probability=1) as proxy,
        pytest.raises(ConnectionError),  # reset or, if the sending is late, a broken pipe
        connected(proxy.port) as client,
    ):
        ask(client)


def test_the_seed_decides_which_connections_are_hit(target: int) -> None:
    def hit(seed: int) -> list[bool]:
        with chaos_proxy(target, down=Toxic(close_after_bytes=300, probability=0.5), seed=seed) as proxy:
            replies = []
            for _ in range(12):
                with connected(proxy.port) as client:
                    replies.append(len(ask(client)) == 300)
            return replies

    assert hit(1) == hit(1)
    assert hit(1) != hit(2)
    assert set(hit(1)) == {True, False}


def test_toxics_can_change_while_the_proxy_runs(target: int) -> None:
    with chaos_proxy(target, refuse_probability=1) as proxy:
        proxy.refuse_probability = 0
        with connected(proxy.port) as client:
            assert len(ask(client)) == REPLY_BYTES
