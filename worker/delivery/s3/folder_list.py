"""What lies in a folder of a bucket, page by page."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator
from functools import partial
from itertools import islice
from typing import Any

from worker.delivery.s3.connection import Client, Connection
from worker.delivery.s3.objects import etag_of, permitted
from worker.errors import DeliveryFailed

logger = logging.getLogger(__name__)

PAGE_KEYS = 500
"""With the longest prefix they are no longer than an answer may be."""
LONGEST_LIST_SEC = 20.0


class FolderList:
    """Lists the objects of one folder, not of those below it, up to a number; for any number of threads."""

    def __init__(
        self, connection: Connection, folder: str, *, most: int, suffix: str, denied: str, within_sec: float
    ) -> None:
        """`denied` and `within_sec` as for an ObjectReader; names that end otherwise than in `suffix` are left out."""
        self._connection = connection
        self._start = f"{folder}/"
        self._most = most
        self._suffix = suffix
        self._denied = denied
        self._within_sec = within_sec
        self._never = threading.Event()
        self._has_warned = False

    def read(self) -> dict[str, str]:
        """The ETags by name, without folder and suffix; beyond `most`, the first ones, which is logged once.

        Raises:
            DeliveryFailed: the bucket is out of reach, too slow, or does not allow it.
        """
        found = dict(islice(self._entries(), self._most + 1))
        if len(found) > self._most:
            found.popitem()
            if not self._has_warned:
                self._has_warned = True
                logger.warning("the bucket holds more than %d saved voices: the rest is left out", self._most)
        return found

    def _entries(self) -> Iterator[tuple[str, str]]:
        for page in self._pages():
            for entry in page.get("Contents", ()):
                name = str(entry["Key"]).removeprefix(self._start)
                if name.endswith(self._suffix) and not name.startswith(".") and "/" not in name:
                    yield name.removesuffix(self._suffix), etag_of(entry)

    def _pages(self) -> Iterator[dict[str, Any]]:
        until = time.monotonic() + LONGEST_LIST_SEC
        after: dict[str, str] = {}
        while True:
            page = self._connection.call(
                permitted(partial(self._page, after), self._denied),
                within_sec=self._within_sec,
                ended=self._never,
            )
            yield page
            if not page.get("IsTruncated") or not page.get("NextContinuationToken"):
                return
            if time.monotonic() > until:
                raise DeliveryFailed("the store takes too long to list the folder")
            after = {"ContinuationToken": page["NextContinuationToken"]}

    def _page(self, after: dict[str, str], client: Client) -> dict[str, Any]:
        bucket = self._connection.target.bucket
        page: dict[str, Any] = client.list_objects_v2(
            Bucket=bucket, Prefix=self._start, Delimiter="/", MaxKeys=PAGE_KEYS, **after
        )
        return page
