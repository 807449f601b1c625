"""URLs that try to reach what is not theirs: none is connected to, and no server inside is asked."""

from __future__ import annotations

import socket
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import pytest

from tests.fetch.hostile import ADDRESSES_V4, ADDRESSES_V6, PORT, urls
from tests.fetch.servers import LOOPBACK, answering, client_tls, fetcher, resolving_to, serving
from worker.errors import UrlNotAllowed
from worker.fetch.fetcher import Fetcher
from worker.fetch.limits import FetchLimits

connections: list[object] = []


def note_connections(event: str, arguments: tuple[object, ...]) -> None:
    if event == "socket.connect":
        connections.append(arguments[1])


sys.addaudithook(note_connections)


@contextmanager
def canary() -> Iterator[Fetcher]:
    """A reader with the worker's own rule and a name server that knows every name as loopback; nobody is asked."""
    with ExitStack() as stack:
        servers = [stack.enter_context(serving(answering(b"secret")))]
        if has_ipv6_loopback():
            servers.append(stack.enter_context(serving(answering(b"secret"), at="::1", port=servers[0].port)))
        connections.clear()
        yield Fetcher(
            limits=FetchLimits(allow_http=True, ports=frozenset({servers[0].port})),
            resolver=resolving_to(LOOPBACK),
            tls=client_tls(),
        )
        assert connections == []
        assert [server.requests for server in servers] == [[]] * len(servers)


def has_ipv6_loopback() -> bool:
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        return False
    return True


def test_the_table_is_as_long_as_it_should_be() -> None:
    assert len(set(urls())) == len(urls()) >= 150


def test_no_hostile_url_is_connected_to() -> None:
    with canary() as reader:
        port = str(next(iter(reader.limits.ports)))
        for url in urls():
            for scheme in ("http", "https"):
                with pytest.raises(UrlNotAllowed):
                    reader.fetch(url.replace(PORT, port).replace("http://", f"{scheme}://", 1))


@pytest.mark.parametrize("address", [*ADDRESSES_V4, *ADDRESSES_V6])
def test_no_name_with_a_private_address_is_connected_to(address: str) -> None:
    with canary() as reader:
        (port,) = reader.limits.ports
        for answers in ([address], ["93.184.216.34", address], [address, "2606:2800:21f:cb07:6820:80da:af6b:8b2c"]):
            suspect = Fetcher(limits=reader.limits, resolver=resolving_to(*answers), tls=reader.tls)
            for host in ("voice.test", "xn--80ak6aa92e.com", "127.0.0.1.nip.io", "localhost.localdomain"):
                with pytest.raises(UrlNotAllowed):
                    suspect.fetch(f"http://{host}:{port}/")


def test_a_name_is_looked_up_once_and_connected_to_where_it_was_checked() -> None:
    asked: list[str] = []

    def rebinding(host: str, _port: int) -> list[str]:
        """Answers once with an allowed address, then with one inside."""
        asked.append(host)
        return [LOOPBACK] if len(asked) == 1 else ["127.0.0.2"]

    with (
        serving(answering(b"public")) as public,
        serving(answering(b"secret"), at="127.0.0.2", port=public.port) as inside,
    ):
        sound = fetcher(public)
        reader = Fetcher(limits=sound.limits, resolver=rebinding, address_rule=sound.address_rule, tls=sound.tls)
        connections.clear()
        assert reader.fetch(public.url()) == b"public"
        assert connections == [(LOOPBACK, public.port)]
        with pytest.raises(UrlNotAllowed):
            reader.fetch(public.url())
        assert connections == [(LOOPBACK, public.port)]
    assert asked == ["voice.test", "voice.test"]
    assert inside.requests == []


def test_the_canary_sings_where_the_rule_lets_it_be_reached() -> None:
    with serving(answering(b"secret")) as server:
        connections.clear()
        assert fetcher(server).fetch(server.url(host=LOOPBACK)) == b"secret"
    assert connections == [(LOOPBACK, server.port)]
