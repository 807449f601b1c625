"""What a fetch brings from servers that mean well, and what it makes of those that fail."""

from __future__ import annotations

import os
import ssl

import pytest

from tests.fetch.servers import (
    NAME,
    answering,
    client_tls,
    fetcher,
    redirecting,
    resolving_to,
    sending,
    server_tls,
    serving,
)
from worker.errors import FetchFailed, FetchTooLarge, UrlNotAllowed, UrlUnusable, WorkerError
from worker.fetch.fetcher import Fetcher
from worker.fetch.limits import FetchLimits

SOUND = bytes(range(256)) * 300


def test_a_file_is_read_over_https() -> None:
    with serving(answering(SOUND), tls=server_tls()) as server:
        assert fetcher(server).fetch(server.url("/a%20b/c.wav?X-Signature=1%2F2&n=2#end")) == SOUND
    head = server.requests[0].decode("ascii").split("\r\n")
    assert head[0] == "GET /a%20b/c.wav?X-Signature=1%2F2&n=2 HTTP/1.1"
    assert f"Host: {NAME}:{server.port}" in head
    assert "Accept-Encoding: identity" in head


def test_http_is_refused_until_the_limits_allow_it() -> None:
    with serving(answering(SOUND)) as server:
        with pytest.raises(UrlNotAllowed):
            fetcher(server, allow_http=False).fetch(server.url())
        assert fetcher(server).fetch(server.url()) == SOUND
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    "raw",
    [
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;x=y\r\nde\r\n0\r\nTrailer: 1\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n\r\nabcde",
        b"HTTP/1.0 200 OK\r\n\r\nabcde",
        b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nabcde",
        b"HTTP/1.1 200 OK\r\nContent-Encoding: identity\r\nContent-Length: 5\r\n\r\nabcde and more",
    ],
    ids=["chunked", "without a length", "HTTP/1.0", "after a 100", "longer than it says"],
)
def test_every_framing_of_a_body_is_read(raw: bytes) -> None:
    with serving(sending(raw)) as server:
        assert fetcher(server).fetch(server.url()) == b"abcde"


def test_letters_beyond_ascii_in_a_path_are_sent_percent_encoded() -> None:
    with serving(answering(SOUND)) as server:
        fetcher(server).fetch(server.url("/créole.wav?é"))
    assert server.requests[0].startswith(b"GET /cr%C3%A9ole.wav?%C3%A9 HTTP/1.1\r\n")


def test_proxies_in_the_environment_are_passed_by(monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(answering(b"proxy")) as proxy, serving(answering(SOUND)) as server:
        for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
            monkeypatch.setitem(os.environ, name, proxy.url(host="127.0.0.1"))
            monkeypatch.setitem(os.environ, name.lower(), proxy.url(host="127.0.0.1"))
        assert fetcher(server).fetch(server.url()) == SOUND
    assert proxy.requests == []


def test_an_address_that_takes_no_connection_gives_way_to_the_next() -> None:
    with serving(answering(SOUND)) as server:
        reader = Fetcher(
            limits=FetchLimits(allow_http=True, ports=frozenset({server.port})),
            resolver=resolving_to("127.0.0.9", "127.0.0.1"),
            address_rule=lambda address: address.is_loopback,
            tls=client_tls(),
        )
        assert reader.fetch(server.url()) == SOUND


@pytest.mark.parametrize(
    ("tls", "host"),
    [(server_tls("other.test"), NAME), (server_tls(), "voice.test.other.test"), (server_tls(), "127.0.0.1")],
    ids=["of another host", "of a part of the name", "of a name, for an address"],
)
def test_a_certificate_of_another_host_is_refused(tls: ssl.SSLContext, host: str) -> None:
    with serving(answering(SOUND), tls=tls) as server, pytest.raises(UrlUnusable, match="certificate"):
        fetcher(server).fetch(server.url(host=host))
    assert server.requests == []


def test_a_certificate_of_an_unknown_issuer_is_refused() -> None:
    with serving(answering(SOUND), tls=server_tls()) as server, pytest.raises(UrlUnusable, match="certificate"):
        fetcher(server, tls=ssl.create_default_context()).fetch(server.url())
    assert server.requests == []


@pytest.mark.parametrize(
    ("raw", "error"),
    [
        (b"HTTP/1.1 404 Not Found\r\n\r\n", UrlUnusable),
        (b"HTTP/1.1 403 Forbidden\r\n\r\n", UrlUnusable),
        (b"HTTP/1.1 204 No Content\r\n\r\n", UrlUnusable),
        (b"HTTP/1.1 206 Partial Content\r\n\r\nabc", UrlUnusable),
        (b"HTTP/1.1 304 Not Modified\r\n\r\n", UrlUnusable),
        (b"HTTP/1.1 302 Found\r\n\r\n", UrlUnusable),
        (b"HTTP/1.1 429 Too Many Requests\r\n\r\n", FetchFailed),
        (b"HTTP/1.1 503 Service Unavailable\r\n\r\n", FetchFailed),
        (b"", FetchFailed),
        (b"HTTP/1.1 200", UrlUnusable),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", UrlUnusable),
        (b"HTTP/9 what\r\n\r\n", FetchFailed),
        (b"SSH-2.0-OpenSSH_9.9\r\n", FetchFailed),
        (b"\x15\x03\x01\x00\x02\x02\x46", FetchFailed),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc", FetchFailed),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nabc", FetchFailed),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n", FetchFailed),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nabc\r\n0\r\n\r\n", FetchFailed),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + b"1" * 70_000, FetchFailed),
        (b"HTTP/1.1 200 OK\r\nX: " + b"x" * 70_000 + b"\r\n\r\nabc", FetchFailed),
        (b"HTTP/1.1 200 OK\r\n" + b"X: x\r\n" * 200 + b"\r\nabc", FetchFailed),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\nabc", FetchTooLarge),
    ],
    ids=lambda value: value[:60].decode("latin-1") if isinstance(value, bytes) else value.code,
)
def test_an_answer_that_is_no_file_is_an_error(raw: bytes, error: type[WorkerError]) -> None:
    with serving(sending(raw)) as server, pytest.raises(error):
        fetcher(server).fetch(server.url())


def test_a_port_where_nothing_listens_is_an_error_worth_another_try() -> None:
    with serving(answering()) as server:
        pass
    with pytest.raises(FetchFailed) as raised:
        fetcher(server).fetch(server.url())
    assert raised.value.retryable


def test_a_plain_server_behind_https_is_an_error() -> None:
    with serving(sending(b"HTTP/1.1 400 Bad Request\r\n\r\n")) as server, pytest.raises(FetchFailed):
        fetcher(server).fetch(server.url().replace("http:", "https:"))


def test_no_message_holds_what_the_url_or_the_server_says() -> None:
    answers = [
        answering(b"", status="404 canary-reason"),
        sending(b"canary-status\r\n"),
        redirecting("ftp://canary-location/"),
        answering(b"", "Content-Encoding: canary-coding"),
        answering(b"", length=5),
    ]
    for respond in answers:
        with serving(respond) as server, pytest.raises(WorkerError) as raised:
            fetcher(server).fetch(server.url("/canary-path?canary-query", host="canary-host.test"))
        assert "canary" not in str(raised.value)
        assert "127." not in str(raised.value)
        assert str(server.port) not in str(raised.value)
