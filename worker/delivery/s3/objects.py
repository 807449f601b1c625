"""Objects of a bucket, read in ranges that are never longer than an answer may be."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

from worker.delivery.s3.answers import LARGEST_ANSWER_BYTES
from worker.delivery.s3.connection import Client, Connection, Patience
from worker.delivery.s3.faults import FORBIDDEN, STORE_ERRORS, code_of
from worker.errors import DeliveryFailed, S3AccessDenied

HURRIED = Patience(connect_sec=1.0, read_sec=2.0, check_sec=0.0, stall_sec=0.0, abort_sec=0.0)
"""For what is read, while a job waits."""
MISSING = frozenset({"NoSuchKey", "404", "NotFound"})
CHANGED = frozenset({"PreconditionFailed", "412"})
BEYOND_THE_END = frozenset({"InvalidRange", "416"})

Result = TypeVar("Result")

_RANGE = re.compile(r"bytes (\d+)-\d+/(\d+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """Some bytes of an object."""

    data: bytes
    total_bytes: int
    """Of the whole object."""
    etag: str
    """Changes with the object; without quotes, and "" of one that is not the one that was asked for."""


class ObjectReader:
    """Reads objects of one bucket; for any number of threads."""

    def __init__(self, connection: Connection, *, denied: str, within_sec: float = 0.0) -> None:
        """`denied` tells what to change if the access key may not read; `within_sec` are for all tries of a request."""
        self._connection = connection
        self._denied = denied
        self._within_sec = within_sec
        self._never = threading.Event()
        self._lock = threading.Lock()
        self._is_set_up = False

    def piece(
        self, key: str, begin: int = 0, *, most_bytes: int = LARGEST_ANSWER_BYTES, etag: str = ""
    ) -> Piece | None:
        """What the object has from `begin` on, up to `most_bytes`; None where there is no object.

        With an `etag`, one of another object has no bytes, or another ETag: not all stores look at it.

        Raises:
            DeliveryFailed: the bucket is out of reach, too slow, or does not allow it.
        """
        with self._lock:
            if not self._is_set_up:
                self._connection.client.meta.events.register("after-call.s3.GetObject", _with_content)
                self._is_set_up = True
        place = {"Bucket": self._connection.target.bucket, "Key": key}
        request = permitted(partial(_piece, place, begin, min(most_bytes, LARGEST_ANSWER_BYTES), etag), self._denied)
        return self._connection.call(request, within_sec=self._within_sec, ended=self._never)

    def span(self, key: str, begin: int, end: int, *, etag: str, until: float) -> bytes | None:
        """The bytes of the object with that ETag, None if it is there no more; `until` is of the monotonic clock.

        Raises:
            DeliveryFailed: the bucket is out of reach, too slow, or does not allow it.
        """
        found = bytearray()
        while begin + len(found) < end:
            if time.monotonic() > until:
                raise DeliveryFailed("the store is too slow")
            at = begin + len(found)
            piece = self.piece(key, at, most_bytes=end - at, etag=etag)
            if piece is None or piece.etag != etag:
                return None
            if not piece.data:
                raise DeliveryFailed("the store sent less than the object has")
            found += piece.data
        return bytes(found)


def permitted(request: Callable[[Client], Result], denied: str) -> Callable[[Client], Result]:
    """`request`, which raises S3AccessDenied with that message where the access key may not do it."""

    def ask(client: Client) -> Result:
        try:
            return request(client)
        except STORE_ERRORS as error:
            if code_of(error) in FORBIDDEN:
                raise S3AccessDenied(denied) from error
            raise

    return ask


def etag_of(answer: Mapping[str, Any]) -> str:
    """The ETag of an answer or of an entry in a list: some stores quote it in one of them only."""
    return str(answer.get("ETag", "")).removeprefix("W/").strip('"')


def _piece(place: dict[str, str], begin: int, most_bytes: int, etag: str, client: Client) -> Piece | None:
    condition = {"IfMatch": f'"{etag}"'} if etag else {}
    try:
        answer = client.get_object(**place, **condition, Range=f"bytes={begin}-{begin + most_bytes - 1}")
    except STORE_ERRORS as error:
        code = code_of(error)
        if code in MISSING:
            return None
        if code in CHANGED:
            return Piece(data=b"", total_bytes=0, etag="")
        if code in BEYOND_THE_END:
            head = client.head_object(**place)
            return Piece(data=b"", total_bytes=head["ContentLength"], etag=etag_of(head))
        raise
    return _read(answer, begin, most_bytes)


def _read(answer: dict[str, Any], begin: int, most_bytes: int) -> Piece:
    """The piece in an answer; a store that knows no ranges sends more than was asked for."""
    content: bytes = answer["Content"]
    given = _RANGE.fullmatch(str(answer.get("ContentRange", "")))
    start, total_bytes = (int(given[1]), int(given[2])) if given else (0, len(content))
    if start > begin:
        raise DeliveryFailed("the store sent another part of the object than was asked for")
    return Piece(data=content[begin - start :][:most_bytes], total_bytes=total_bytes, etag=etag_of(answer))


def _with_content(http_response: Any, parsed: dict[str, Any], **_event: object) -> None:
    """Puts the bytes of an answer beside it: they were read already, and its body is no stream any more."""
    if "Body" in parsed:
        parsed["Content"] = http_response.content
