"""Clip store: a bucket as a slow tier of the cache, asked in a hurry."""

from __future__ import annotations

import io
import threading
import time
from collections.abc import Callable
from typing import TypeVar

from worker.cache.key import is_key
from worker.delivery.s3.connection import Client, Connection
from worker.delivery.s3.objects import HURRIED, ObjectReader
from worker.delivery.s3.target import target_of_worker
from worker.settings import Settings

LONGEST_GET_SEC = 6.0
LARGEST_OBJECT_BYTES = 64 * 2**20
FOLDER = "cache"
DENIED = "the access key may not read the bucket: TTS_CACHE_S3 needs s3:GetObject and s3:ListBucket"

Result = TypeVar("Result")


def clip_store(settings: Settings) -> ClipStore | None:
    """The store in the worker's own bucket, where the settings ask for one."""
    target = target_of_worker(settings) if settings.cache_s3 else None
    return ClipStore(Connection(target, HURRIED), settings.s3_prefix) if target else None


class ClipStore:
    """Objects `<prefix>/cache/<key>`. The access key has to be allowed to get, put, delete, and list the bucket.

    Without the last a store answers for a missing object as for a forbidden one. What was not used for long is for the
    bucket's lifecycle rules to remove. Calls are tried once: rendering anew is the second try.
    """

    name = "s3"
    size_bytes = None

    def __init__(self, connection: Connection, prefix: str | None = None) -> None:
        self._connection = connection
        self._reader = ObjectReader(connection, denied=DENIED)
        self._folder = f"{prefix}/{FOLDER}" if prefix else FOLDER
        self._never = threading.Event()

    def get(self, key: str) -> bytes | None:
        """The object, in pieces as long as an answer may be; b"" where it has no bytes.

        Raises:
            DeliveryFailed: the bucket is out of reach, too slow, or does not allow it.

        """
        place = self._place(key)
        until = time.monotonic() + LONGEST_GET_SEC
        first = self._reader.piece(place["Key"])
        if first is None:
            return None
        if first.total_bytes > LARGEST_OBJECT_BYTES:
            return b""
        rest = self._reader.span(place["Key"], len(first.data), first.total_bytes, etag=first.etag, until=until)
        return None if rest is None else first.data + rest

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
        return self._connection.call(request, within_sec=0.0, ended=self._never)
