"""Answers: read up to a limit, because the store a job brings along may send without end."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import HTTPClientError  # type: ignore[import-untyped]  # botocore ships no types
from urllib3.exceptions import HTTPError

from worker.errors import DeliveryFailed

LARGEST_ANSWER_BYTES = 2**20
"""A list of one key, or an error, has a few hundred."""


@dataclass(frozen=True, slots=True)
class _Body:
    """What was read, in the shape botocore reads it in."""

    data: bytes

    def stream(self) -> Iterator[bytes]:
        yield self.data


def bounded(send: Callable[[Any], Any], within_sec: float) -> Callable[..., Any]:
    """A handler of botocore's `before-send` that sends the request with `send` and reads an answer within limits."""
    from botocore.awsrequest import AWSResponse  # type: ignore[import-untyped]  # as above

    def answer(request: Any, **_event: object) -> Any:
        request.stream_output = True  # the body is left to be read here
        head = send(request)
        try:
            body = _read(head.raw, time.monotonic() + within_sec)
        finally:
            head.raw.release_conn()
        return AWSResponse(head.url, head.status_code, head.headers, _Body(body))

    return answer


def _read(raw: Any, until: float) -> bytes:
    """All there is.

    Raises:
        DeliveryFailed: that is too much, or comes too slowly.
        HTTPClientError: the store broke off.
    """
    received = bytearray()
    try:
        while block := raw.read1(LARGEST_ANSWER_BYTES, decode_content=False):
            received += block
            if len(received) > LARGEST_ANSWER_BYTES or time.monotonic() > until:
                raw.close()
                raise DeliveryFailed("the store's answer is too long")
    except (OSError, HTTPError) as error:
        raise HTTPClientError(error=error) from error
    return bytes(received)
