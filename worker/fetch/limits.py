"""Limits: what a fetch may cost."""

from __future__ import annotations

import time
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchLimits:
    """What one fetch may take, its redirects included, and where it may go."""

    max_bytes: int = 50 * 2**20
    """Of the body, or of what base64 decodes to. Ten minutes of MP3 are 23 MiB at the highest bit rate."""
    total_sec: float = 60.0
    """From the first look-up to the last byte."""
    connect_sec: float = 5.0
    """For a name's look-up, a TCP and a TLS handshake, each."""
    read_sec: float = 10.0
    """The longest silence of a server."""
    max_redirects: int = 3
    ports: frozenset[int] = frozenset({80, 443})
    allow_http: bool = False
    """Whether URLs may be http; a redirect from https to http is refused even then."""


class Deadline:
    """A point in time that a fetch must not reach."""

    def __init__(self, duration_sec: float) -> None:
        self._end_sec = time.monotonic() + duration_sec

    def left(self, at_most_sec: float) -> float:
        """Seconds until then, but no more than `at_most_sec`.

        Raises:
            TimeoutError: it has passed.
        """
        left_sec = self._end_sec - time.monotonic()
        if left_sec <= 0:
            raise TimeoutError("the fetch took too long")
        return min(left_sec, at_most_sec)
