"""Targets: the one parser of URLs; what it read is what is checked, asked for and connected to."""

from __future__ import annotations

import re
import string
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address
from urllib.parse import quote, urljoin

from worker.errors import UrlNotAllowed
from worker.fetch.limits import FetchLimits

MAX_URL_CHARACTERS = 8_000
"""What RFC 9110, section 4.1, asks of every server."""
MAX_NAME_CHARACTERS = 253
"""RFC 1035, section 2.3.4, less the length bytes at both ends."""
DEFAULT_PORTS = {"http": 80, "https": 443}

SCHEME = re.compile(r"[a-z][a-z0-9+.-]*:", re.ASCII | re.IGNORECASE)
"""What a URL begins with and a relative reference does not (RFC 3986, section 3.1); base64 has no colon."""
URL = re.compile(
    r"""(?P<scheme>[a-z][a-z0-9+.-]*)://
        (?P<host>\[[0-9a-f:.]+\]|[a-z0-9._-]+)
        (?::(?P<port>[0-9]{1,5}))?
        (?P<path>[/?][^\x00-\x20\x7f\\\#\ud800-\udfff]*)?
        (?:\#[^\x00-\x20\x7f\\]*)?""",
    re.ASCII | re.IGNORECASE | re.VERBOSE,
)
"""Stricter than RFC 3986: no user, no percent sign in the host, no backslash, white space or control character."""
LABEL = re.compile(r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?", re.ASCII)
NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*", re.ASCII)
"""A last label that resolvers take for part of an IPv4 address (WHATWG URL, "ends in a number")."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """What a URL asks for."""

    scheme: str
    host: str
    """A name in lower case, or an address without brackets."""
    port: int
    path: str
    """With its query, ASCII only."""

    @property
    def authority(self) -> str:
        """Host and port as the Host header has them."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == DEFAULT_PORTS[self.scheme] else f"{host}:{self.port}"


def parsed(url: str, limits: FetchLimits) -> Target:
    """What the URL asks for.

    Raises:
        UrlNotAllowed: it is malformed, or of a scheme or port that the limits leave out.
    """
    match = URL.fullmatch(url) if len(url) <= MAX_URL_CHARACTERS else None
    if match is None:
        raise UrlNotAllowed(
            f"the URL is not of the form https://host/path with at most {MAX_URL_CHARACTERS} characters, "
            "no user, no spaces and no backslashes; write a host of other letters in its xn-- form"
        )
    scheme = match["scheme"].lower()
    if scheme != "https" and not (scheme == "http" and limits.allow_http):
        raise UrlNotAllowed("only http and https URLs are read" if limits.allow_http else "only https URLs are read")
    port = int(match["port"] or DEFAULT_PORTS[scheme])
    if port not in limits.ports:
        raise UrlNotAllowed(f"the URL's port is none of {', '.join(map(str, sorted(limits.ports)))}")
    path = quote(match["path"] or "/", safe=string.punctuation)
    return Target(
        scheme=scheme,
        host=_checked_host(match["host"].lower()),
        port=port,
        path=path if path.startswith("/") else f"/{path}",
    )


def redirected(target: Target, location: str, limits: FetchLimits) -> Target:
    """What a redirect from `target` asks for, checked like any URL a caller gives.

    Raises:
        UrlNotAllowed: the URL is not allowed, or leads from https to http.
    """
    found = parsed(location if SCHEME.match(location) else _completed(target, location), limits)
    if target.scheme == "https" != found.scheme:
        raise UrlNotAllowed("the URL redirects from https to http")
    return found


def _completed(target: Target, reference: str) -> str:
    # The result is parsed like any URL, so what urljoin takes the reference for decides nothing.
    try:
        return urljoin(f"{target.scheme}://{target.authority}{target.path}", reference)
    except ValueError as error:
        raise UrlNotAllowed("the URL redirects to a malformed one") from error


def _checked_host(host: str) -> str:
    labels = host.split(".")
    try:
        if host.startswith("["):
            return str(IPv6Address(host[1:-1]))
        if NUMBER.fullmatch(labels[-1]):
            # The strict form only: four decimal numbers, no leading zeros.
            return str(IPv4Address(host))
    except ValueError as error:
        raise UrlNotAllowed("the URL's host is not a valid address") from error
    # A name without a dot is a neighbour's, never the Internet's.
    if len(labels) == 1 or len(host) > MAX_NAME_CHARACTERS or not all(map(LABEL.fullmatch, labels)):
        raise UrlNotAllowed("the URL's host is not a full host name")
    return host
