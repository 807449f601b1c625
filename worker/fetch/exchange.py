"""Exchanges: one request to one address and the answer, as long as the deadline allows."""

from __future__ import annotations

import io
import socket
import ssl
from collections.abc import Iterable
from http.client import HTTPResponse

from worker.errors import FetchFailed, FetchTooLarge, UrlUnusable
from worker.fetch.addresses import Address
from worker.fetch.limits import Deadline, FetchLimits
from worker.fetch.target import Target

MAX_ADDRESSES = 4
"""Tried in turn where a host has several."""
BLOCK_BYTES = 65_536
"""Read at once."""
FRAMING_BYTES = 2**20
"""What headers and a chunked body's framing may add to twice the body; http.client bounds each line."""
AGAIN_LATER = frozenset({408, 425, 429})
"""Client errors that another try may mend (RFC 9110, RFC 8470, RFC 6585)."""


def connected(
    target: Target, addresses: Iterable[Address], *, tls: ssl.SSLContext, limits: FetchLimits, deadline: Deadline
) -> socket.socket:
    """A connection to the first of the addresses that takes one; no name is looked up here.

    Raises:
        OSError: none of them does.
    """
    failure = OSError("no address")
    for address in list(addresses)[:MAX_ADDRESSES]:
        try:
            return _connected_to(address, target, tls, limits, deadline)
        except OSError as error:
            failure = error
    raise failure


def answer(sock: socket.socket, target: Target, *, limits: FetchLimits, deadline: Deadline) -> HTTPResponse:
    """The head of the answer to a GET; its body is still to be read.

    Raises:
        OSError, HTTPException: the server breaks off, is late, or does not speak HTTP.
    """
    head = (
        f"GET {target.path} HTTP/1.1",
        f"Host: {target.authority}",
        "User-Agent: runpod-tts-worker",
        "Accept: */*",
        "Accept-Encoding: identity",
        "Connection: close",
    )
    sock.settimeout(deadline.left(limits.read_sec))
    sock.sendall("\r\n".join((*head, "", "")).encode("ascii"))
    incoming = _Incoming(sock, limits, deadline)
    response = HTTPResponse(incoming)  # type: ignore[arg-type]  # of a socket it uses makefile only
    response.begin()
    return response


def checked(response: HTTPResponse) -> HTTPResponse:
    """The answer, if it announces a plain file.

    Raises:
        UrlUnusable: it does not.
        FetchFailed: the server is in trouble.
    """
    if response.status in AGAIN_LATER or response.status >= 500:  # noqa: PLR2004  # RFC 9110: server errors
        raise FetchFailed(f"the URL's server answered with status {response.status}")
    if response.status != 200:  # noqa: PLR2004  # RFC 9110: OK
        raise UrlUnusable(f"the URL's server answered with status {response.status}")
    codings = response.headers.get_all("Content-Encoding", []) + response.headers.get_all("Transfer-Encoding", [])
    if any(coding.strip().lower() not in ("", "identity", "chunked") for coding in codings):
        raise UrlUnusable("the URL's server sends the file compressed although asked not to")
    return response


def body(response: HTTPResponse, max_bytes: int) -> bytes:
    """All the answer holds.

    Raises:
        FetchTooLarge: that is more than `max_bytes`.
        UrlUnusable: that is nothing.
        OSError, HTTPException: it ends early or late.
    """
    if (response.length or 0) > max_bytes:
        raise _too_large(max_bytes)
    received = bytearray()
    while block := response.read(BLOCK_BYTES):
        received += block
        if len(received) > max_bytes:
            raise _too_large(max_bytes)
    if response.length:
        raise FetchFailed("the URL's server broke off before the end")
    if not received:
        raise UrlUnusable("the file at the URL is empty")
    return bytes(received)


class _Incoming(io.RawIOBase):
    """What arrives on a socket: each read ends by the deadline, and so do all of them together."""

    def __init__(self, sock: socket.socket, limits: FetchLimits, deadline: Deadline) -> None:
        self._sock = sock
        self._limits = limits
        self._deadline = deadline
        self._bytes_left = 2 * limits.max_bytes + FRAMING_BYTES

    def makefile(self, _mode: str) -> io.BufferedReader:
        return io.BufferedReader(self)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview, /) -> int:  # type: ignore[override]  # BufferedReader passes no other
        self._sock.settimeout(self._deadline.left(self._limits.read_sec))
        count = self._sock.recv_into(buffer)
        self._bytes_left -= count
        if self._bytes_left < 0:
            raise _too_large(self._limits.max_bytes)
        return count


def _connected_to(
    address: Address, target: Target, tls: ssl.SSLContext, limits: FetchLimits, deadline: Deadline
) -> socket.socket:
    family = socket.AF_INET if address.version == 4 else socket.AF_INET6  # noqa: PLR2004  # IPv4
    sock = socket.socket(family, socket.SOCK_STREAM)
    try:
        sock.settimeout(deadline.left(limits.connect_sec))
        sock.connect((str(address), target.port))
        if target.scheme == "http":
            return sock
        sock.settimeout(deadline.left(limits.connect_sec))
        return tls.wrap_socket(sock, server_hostname=target.host)
    except BaseException:
        sock.close()
        raise


def _too_large(max_bytes: int) -> FetchTooLarge:
    return FetchTooLarge(f"the file at the URL is over the limit of {max_bytes} bytes")
