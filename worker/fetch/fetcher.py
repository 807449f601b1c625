"""The fetcher: the bytes behind a URL, or the reason why not."""

from __future__ import annotations

import ssl
from contextlib import closing
from dataclasses import dataclass, field
from http.client import HTTPException

from worker.errors import FetchFailed, UrlUnusable, WorkerError
from worker.fetch.addresses import AddressRule, Resolver, checked_addresses, is_public, system_resolver
from worker.fetch.exchange import answer, body, checked, connected
from worker.fetch.limits import Deadline, FetchLimits
from worker.fetch.target import Target, parsed, redirected

DEFAULT_LIMITS = FetchLimits()
REDIRECTS = frozenset({301, 302, 303, 307, 308})
"""RFC 9110, section 15.4, less those that need a choice or a cache."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetcher:
    """Reads URLs, from any number of threads; no proxy, cookie or cache has a part in it."""

    limits: FetchLimits = DEFAULT_LIMITS
    resolver: Resolver = system_resolver
    address_rule: AddressRule = is_public
    tls: ssl.SSLContext = field(default_factory=ssl.create_default_context)

    def fetch(self, url: str) -> bytes:
        """The file at the URL. No message holds a part of the URL, an address or a library's words.

        Raises:
            UrlNotAllowed: the URL, or one it redirects to, may not be read.
            UrlUnusable: the server's answer is no file: an error, too many redirects, compressed.
            FetchTooLarge: the file is over the limit.
            FetchFailed: the server was not found, not reached, broke off or was too slow.
        """
        target = parsed(url, self.limits)
        deadline = Deadline(self.limits.total_sec)
        try:
            for _ in range(self.limits.max_redirects + 1):
                found = self._get(target, deadline)
                if isinstance(found, bytes):
                    return found
                target = found
        except (OSError, HTTPException) as error:
            raise _failure(error) from error
        raise UrlUnusable(f"the URL redirects more than {self.limits.max_redirects} times")

    def _get(self, target: Target, deadline: Deadline) -> bytes | Target:
        """The file, or where the server says it is."""
        limits = self.limits
        addresses = checked_addresses(
            target.host,
            target.port,
            resolver=self.resolver,
            rule=self.address_rule,
            within_sec=deadline.left(limits.connect_sec),
        )
        with (
            closing(connected(target, addresses, tls=self.tls, limits=limits, deadline=deadline)) as sock,
            closing(answer(sock, target, limits=limits, deadline=deadline)) as response,
        ):
            location = response.getheader("Location")
            if response.status in REDIRECTS and location is not None:
                # http.client reads headers as Latin-1; what servers send beyond ASCII is UTF-8.
                return redirected(target, location.encode("latin-1").decode("utf-8", "replace"), limits)
            return body(checked(response), limits.max_bytes)


def fetch(url: str, *, limits: FetchLimits = DEFAULT_LIMITS, resolver: Resolver = system_resolver) -> bytes:
    """The file at a public URL; for several, keep one Fetcher, which loads the system's certificates once."""
    return Fetcher(limits=limits, resolver=resolver).fetch(url)


def _failure(error: OSError | HTTPException) -> WorkerError:
    if isinstance(error, ssl.SSLCertVerificationError):
        return UrlUnusable("the certificate of the URL's server is not valid")
    if isinstance(error, TimeoutError):
        return FetchFailed("the URL's server was too slow")
    if isinstance(error, HTTPException):
        return FetchFailed("the URL's server broke off or does not speak HTTP")
    return FetchFailed("the URL's server could not be reached")
