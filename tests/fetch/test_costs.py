"""What a fetch costs at most, whatever the server does."""

from __future__ import annotations

import gzip
import socket
import time
import tracemalloc
from dataclasses import replace
from itertools import repeat

import pytest

from tests.fetch.servers import Respond, answering, fetcher, redirecting, sending, server_tls, serving
from worker.errors import FetchFailed, FetchTooLarge, UrlUnusable, WorkerError
from worker.fetch.exchange import BLOCK_BYTES

MAX_BYTES = 2**19
SLACK_SEC = 1.0
"""For a busy machine."""
HEAD = b"HTTP/1.1 200 OK\r\n"


def dripping(first: bytes, drop: bytes) -> Respond:
    """One that never falls silent and never comes to an end."""

    def respond(sock: socket.socket) -> None:
        sock.sendall(first)
        for _ in range(100):
            sock.sendall(drop)
            time.sleep(0.05)

    return respond


def endless(first: bytes, part: bytes) -> Respond:
    def respond(sock: socket.socket) -> None:
        sock.sendall(first)
        for part_again in repeat(part, 200 * MAX_BYTES // len(part)):
            sock.sendall(part_again)

    return respond


@pytest.mark.parametrize(
    "respond",
    [
        dripping(HEAD + b"Content-Length: 100000\r\n\r\n", b"a"),
        dripping(HEAD + b"\r\n", b"a"),
        dripping(HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\na\r\n"),
        dripping(HEAD + b"Transfer-Encoding: chunked\r\n\r\n0\r\n", b"X: x\r\n"),
        dripping(HEAD, b"X: x\r\n"),
        dripping(HEAD + b"X: ", b"x"),
        dripping(b"", b"H"),
        dripping(b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
    ],
    ids=["body", "body without length", "chunks", "trailers", "headers", "one header", "status", "100s"],
)
def test_a_server_that_drips_is_left_in_time(respond: Respond) -> None:
    with serving(respond) as server:
        start_sec = time.monotonic()
        with pytest.raises(FetchFailed, match="too slow"):
            fetcher(server, total_sec=0.3).fetch(server.url())
        assert time.monotonic() - start_sec < 0.3 + SLACK_SEC


def test_a_server_that_drips_over_tls_is_left_in_time() -> None:
    with serving(dripping(HEAD + b"\r\n", b"a"), tls=server_tls()) as server:
        start_sec = time.monotonic()
        with pytest.raises(FetchFailed, match="too slow"):
            fetcher(server, total_sec=0.3).fetch(server.url())
        assert time.monotonic() - start_sec < 0.3 + SLACK_SEC


def test_redirects_share_the_time_of_one_fetch() -> None:
    def respond(sock: socket.socket) -> None:
        time.sleep(0.15)
        redirecting("/")(sock)

    with serving(respond) as server, pytest.raises(FetchFailed, match="too slow"):
        fetcher(server, total_sec=0.4, max_redirects=100).fetch(server.url())
    assert len(server.requests) < 5


def test_a_silent_server_is_left_before_the_whole_time_is_over() -> None:
    with serving(lambda sock: sock.recv(1) and None) as server:
        start_sec = time.monotonic()
        with pytest.raises(FetchFailed, match="too slow"):
            fetcher(server, read_sec=0.2, total_sec=5.0).fetch(server.url())
        assert time.monotonic() - start_sec < 0.2 + SLACK_SEC


def test_a_handshake_that_never_ends_is_left_in_time() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        with serving(answering()) as server:
            reader = fetcher(server, ports=frozenset({port}), connect_sec=0.2)
        with pytest.raises(FetchFailed, match="too slow"):
            reader.fetch(f"https://voice.test:{port}/")


def test_a_look_up_that_never_ends_is_left_in_time() -> None:
    with serving(answering()) as server:
        reader = replace(
            fetcher(server, connect_sec=0.2), resolver=lambda _host, _port: time.sleep(1.0) or ["127.0.0.1"]
        )
        with pytest.raises(FetchFailed, match="too slow"):
            reader.fetch(server.url())
    assert server.requests == []


@pytest.mark.parametrize(
    ("first", "part"),
    [
        (HEAD + b"\r\n", b"a" * 65_536),
        (HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"10000\r\n" + b"a" * 65_536 + b"\r\n"),
        (HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\na\r\n" * 10_000),
        (HEAD + b"Transfer-Encoding: chunked\r\n\r\n0\r\n", b"X: x\r\n" * 10_000),
        (b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 1_000),
    ],
    ids=["without a length", "in chunks", "in tiny chunks", "as trailers", "as 100s"],
)
def test_an_endless_answer_is_left_at_the_limit(first: bytes, part: bytes) -> None:
    with serving(endless(first, part)) as server:
        tracemalloc.start()
        with pytest.raises(FetchTooLarge, match=str(MAX_BYTES)):
            fetcher(server, max_bytes=MAX_BYTES).fetch(server.url())
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    # http.client keeps one-byte chunks as objects of some forty bytes until a block is full.
    assert peak < 2 * MAX_BYTES + 80 * BLOCK_BYTES


@pytest.mark.parametrize("length", [MAX_BYTES + 1, 2**63, 10**30])
def test_a_body_announced_as_too_large_is_not_read(length: int) -> None:
    with serving(answering(b"", length=length)) as server, pytest.raises(FetchTooLarge):
        fetcher(server, max_bytes=MAX_BYTES).fetch(server.url())


def test_a_byte_over_the_limit_is_too_much_where_no_length_was_announced() -> None:
    with serving(sending(HEAD, b"\r\n", b"a" * (MAX_BYTES + 1))) as server, pytest.raises(FetchTooLarge):
        fetcher(server, max_bytes=MAX_BYTES).fetch(server.url())


def test_a_body_of_exactly_the_limit_is_read() -> None:
    with serving(answering(b"a" * MAX_BYTES)) as server:
        assert len(fetcher(server, max_bytes=MAX_BYTES).fetch(server.url())) == MAX_BYTES


@pytest.mark.parametrize(
    "headers",
    [
        ["Content-Encoding: gzip"],
        ["Content-Encoding: GZIP"],
        ["Content-Encoding: identity", "Content-Encoding: br"],
        ["Content-Encoding: identity, gzip"],
        ["Transfer-Encoding: gzip"],
        ["Transfer-Encoding: gzip, chunked"],
    ],
)
def test_a_compressed_body_is_refused_unread(headers: list[str]) -> None:
    bomb = gzip.compress(bytes(50 * MAX_BYTES))
    with serving(answering(bomb, *headers)) as server, pytest.raises(UrlUnusable, match="compressed"):
        fetcher(server).fetch(server.url())


def test_a_gzip_file_that_does_not_claim_to_be_audio_stays_as_it_is() -> None:
    bomb = gzip.compress(bytes(50 * MAX_BYTES))
    with serving(answering(bomb)) as server:
        assert fetcher(server, max_bytes=MAX_BYTES).fetch(server.url()) == bomb


def test_headers_beyond_every_measure_are_refused() -> None:
    with serving(endless(HEAD, b"X: " + b"x" * 60_000 + b"\r\n")) as server, pytest.raises(WorkerError):
        fetcher(server).fetch(server.url())


def test_no_connection_stays_open_after_a_failure() -> None:
    with serving(sending(HEAD, b"Content-Length: 5\r\n\r\nabc")) as server:
        for _ in range(20):
            with pytest.raises(FetchFailed):
                fetcher(server).fetch(server.url())
    # An open socket that is collected warns, and warnings are errors here.
