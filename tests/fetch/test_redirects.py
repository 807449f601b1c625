"""Where a redirect may lead: nowhere that the caller's own URL could not have."""

from __future__ import annotations

import pytest

from tests.fetch.servers import (
    LOOPBACK,
    Respond,
    answering,
    client_tls,
    fetcher,
    loopback_only,
    redirecting,
    server_tls,
    serving,
)
from worker.errors import UrlNotAllowed, UrlUnusable
from worker.fetch.fetcher import Fetcher
from worker.fetch.limits import FetchLimits

INSIDE = "127.0.0.2"
"""Stands for the private network: loopback too, but not allowed by the rule of these tests."""


def counting_down(hops: int) -> Respond:
    """One that redirects so often before it answers."""
    left = iter(range(hops, -1, -1))
    return lambda sock: (redirecting(f"/{n}") if (n := next(left)) else answering(b"there"))(sock)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_followed(status: int) -> None:
    with (
        serving(answering(b"there"), tls=server_tls()) as goal,
        serving(redirecting(goal.url("/next?a=b"), f"{status} Moved"), tls=server_tls()) as start,
    ):
        assert fetcher(start, goal).fetch(start.url()) == b"there"
    assert goal.requests[0].startswith(b"GET /next?a=b HTTP/1.1\r\n")


@pytest.mark.parametrize(
    ("location", "path"),
    [
        ("next.wav", "/folder/next.wav"),
        ("../next.wav", "/next.wav"),
        ("/next.wav#part", "/next.wav"),
        ("?n=2", "/folder/first.wav?n=2"),
        ("//voice.test:{port}/next.wav", "/next.wav"),
        ("HTTP://VOICE.TEST:{port}/next.wav", "/next.wav"),
        ("/cr\xc3\xa9ole.wav", "/cr%C3%A9ole.wav"),
    ],
)
def test_a_relative_redirect_starts_from_its_own_url(location: str, path: str) -> None:
    def respond(sock: object) -> None:
        first = len(server.requests) == 1
        (redirecting(location.format(port=server.port)) if first else answering(b"there"))(sock)  # type: ignore[arg-type]

    with serving(respond) as server:
        assert fetcher(server).fetch(server.url("/folder/first.wav")) == b"there"
    assert server.requests[1].split(b" ")[1].decode() == path


def test_three_redirects_are_followed() -> None:
    with serving(counting_down(3)) as server:
        assert fetcher(server).fetch(server.url()) == b"there"


def test_a_fourth_redirect_is_refused() -> None:
    with serving(counting_down(4)) as server, pytest.raises(UrlUnusable, match="3 times"):
        fetcher(server).fetch(server.url())
    assert len(server.requests) == 4


def test_a_loop_ends() -> None:
    with serving(redirecting("/")) as server, pytest.raises(UrlUnusable):
        fetcher(server).fetch(server.url())
    assert len(server.requests) == 4


def test_https_never_leads_to_http() -> None:
    with (
        serving(answering(b"secret")) as plain,
        serving(redirecting(plain.url()), tls=server_tls()) as start,
        pytest.raises(UrlNotAllowed, match="from https to http"),
    ):
        fetcher(start, plain).fetch(start.url())
    assert plain.requests == []


@pytest.mark.parametrize(
    "location",
    [
        "http://127.0.0.2:{port}/",
        "//127.0.0.2:{port}/",
        "http://127.0.0.2:{port}#@voice.test/",
        "http://user@voice.test:{port}/",
        "http://voice.test:{port}\\@127.0.0.2/",
        "http://2130706434:{port}/",
        "http://0x7f.2:{port}/",
        "http://0177.0.0.2:{port}/",
        "http://[::ffff:127.0.0.2]:{port}/",
        "http://localhost:{port}/",
        "http://voice.test:22/",
        "http://[voice.test/",
        "http:///etc/passwd",
        "file:///etc/passwd",
        "ftp://voice.test/",
        "data:audio/wav;base64,AAAA",
        "javascript:alert(1)",
        "http://voice.test:{port}/ a",
        "//\u2100.test/",
    ],
)
def test_a_redirect_to_a_url_that_is_not_allowed_is_refused(location: str) -> None:
    with serving(answering(b"secret"), at=INSIDE) as inside:
        encoded = location.format(port=inside.port).encode().decode("latin-1")
        with serving(redirecting(encoded)) as start, pytest.raises(UrlNotAllowed):
            fetcher(start, inside).fetch(start.url())
    assert inside.requests == []


def test_a_name_that_changes_its_address_between_redirects_is_checked_again() -> None:
    answers = iter([[LOOPBACK], [INSIDE]])
    with serving(redirecting("/again")) as start, serving(answering(b"secret"), at=INSIDE, port=start.port) as inside:
        reader = Fetcher(
            limits=FetchLimits(allow_http=True, ports=frozenset({start.port})),
            resolver=lambda _host, _port: next(answers),
            address_rule=loopback_only,
            tls=client_tls(),
        )
        with pytest.raises(UrlNotAllowed):
            reader.fetch(start.url())
    assert (len(start.requests), len(inside.requests)) == (1, 0)
