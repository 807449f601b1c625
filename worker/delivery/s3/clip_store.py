"""Clip store: a bucket as a slow tier of the cache, asked in a hurry."""

from __future__ import annotations

import io
import re
import threading
import time
from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar

from worker.cache.key import is_key
from worker.delivery.s3.answers import LARGEST_ANSWER_BYTES
from worker.delivery.s3.connection import Client, Connection, Patience
from worker.delivery.s3.faults import FORBIDDEN, STORE_ERRORS, code_of
from worker.delivery.s3.target import target_of_worker
from worker.errors import DeliveryFailed, S3AccessDenied
from worker.settings import Settings

HURRIED = Patience(connect_sec=1.0, read_sec=2.0, check_sec=0.0, stall_sec=0.0, abort_sec=0.0)
"""Calls are tried once: rendering anew is the second try."""
LONGEST_GET_SEC = 6.0
LARGEST_OBJECT_BYTES = 64 * 2**20
MISSING = frozenset({"NoSuchKey", "404", "NotFound"})
FOLDER = "cache"

Result = TypeVar("Result")

_RANGE = re.compile(r"bytes \d+-\d+/(\d+)")


def clip_store(settings: Settings) -> ClipStore | None:
    """The store in the worker's own bucket, where the settings ask for one."""
    target = target_of_worker(settings) if settings.cache_s3 else None
    return ClipStore(Connection(target, HURRIED), settings.s3_prefix) if target else None


class ClipStore:
    """Objects `<prefix>/cache/<key>`. The access key has to be allowed to get, put, delete, and list the bucket.

    Without the last a store answers for a missing object as for a forbidden one. What was not used for long is for the
    bucket's lifecycle rules to remove.
    """

    name = "s3"
    size_bytes = None

    def __init__(self, connection: Connection, prefix: str | None = None) -> None:
        self._connection = connection
        self._folder = f"{prefix}/{FOLDER}" if prefix else FOLDER
        self._never = threading.Event()
        self._lock = threading.Lock()
        self._is_set_up = False

    def get(self, key: str) -> bytes | None:
        """The object, in pieces as long as an answer may be; b"" where it has no bytes.

        Raises:
            DeliveryFailed: the bucket is out of reach, too slow, or does not allow it.

        """
        place = self._place(key)
        until = time.monotonic() + LONGEST_GET_SEC
        found, total = bytearray(), 1
        while len(found) < total:
            if time.monotonic() > until:
                raise DeliveryFailed("the store is too slow for a cache")
            answer = self._call(partial(_piece, place, len(found)))
            if answer is None:
                return None
            piece, total = answer
            if total > LARGEST_OBJECT_BYTES or not piece:
                return b""
            found += piece
        return bytes(found)

    def put(self, key: str, data: bytes) -> None:
        """Stores the object.

        Raises:
            DeliveryFailed: it could not be.

        """
        place = self._place(key)
        # As a file it is sent in blocks: each has the time-out for itself, not all of them together.
        self._call(lambda client: client.put_object(**place, Body=io.BytesIO(data)))

    def delete(self, key: str) -> None:
        """Removes the object.

        Raises:
            DeliveryFailed: it could not be.

        """
        place = self._place(key)
        self._call(lambda client: client.delete_object(**place))

    def _place(self, key: str) -> dict[str, str]:
        if not is_key(key):
            raise ValueError("not a key of the cache")
        return {"Bucket": self._connection.target.bucket, "Key": f"{self._folder}/{key}"}

    def _call(self, request: Callable[[Client], Result]) -> Result:
        with self._lock:
            if not self._is_set_up:
                self._connection.client.meta.events.register("after-call.s3.GetObject", _with_content)
                self._is_set_up = True
        return self._connection.call(request, within_sec=0.0, ended=self._never)


def _piece(place: dict[str, str], at: int, client: Client) -> tuple[bytes, int] | None:
    """The bytes from `at` on and the length of the whole, None where there is no object."""
    try:
        answer = client.get_object(**place, Range=f"bytes={at}-{at + LARGEST_ANSWER_BYTES - 1}")
    except STORE_ERRORS as error:
        code = code_of(error)
        if code in MISSING:
            return None
        if code in ("InvalidRange", "416"):
            return b"", 0
        if code in FORBIDDEN:
            raise S3AccessDenied(
                "the access key may not read the bucket: TTS_CACHE_S3 needs s3:GetObject and s3:ListBucket"
            ) from error
        raise
    piece: bytes = answer["Content"]
    given = _RANGE.fullmatch(str(answer.get("ContentRange", "")))
    return piece, int(given[1]) if given else at + len(piece)


def _with_content(http_response: Any, parsed: dict[str, Any], **_event: object) -> None:
    """Puts the bytes of an answer beside it: they were read already, and its body is no stream any more."""
    if "Body" in parsed:
        parsed["Content"] = http_response.content
