"""Uploads: a file goes to S3 part by part while it is being made, its first part last."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from concurrent.futures import Future

from worker.delivery.s3.connection import Connection
from worker.delivery.s3.sender import Sender
from worker.reply import Destination

PART_BYTES = 8 * 2**20
"""S3 takes 5 MiB at least, and 10,000 parts: https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html."""
PARTS_AHEAD = 2
"""Full parts in memory, one of them being sent; with more, the encoder waits."""


def open_upload(connection: Connection, key: str, *, content_type: str, metadata: Mapping[str, str]) -> S3Upload:
    """An upload to a bucket that was just asked whether it knows the credentials; nothing is there yet.

    Raises:
        DeliveryFailed: it does not, or it is not there; the subclass says why.
    """
    upload = S3Upload(connection, key, content_type=content_type, metadata=metadata)
    try:
        upload.check()
    except BaseException:
        upload.abort()
        raise
    return upload


class S3Upload:
    """A sink. The first part stays in memory until the end, because that is when headers are written once more."""

    def __init__(self, connection: Connection, key: str, *, content_type: str, metadata: Mapping[str, str]) -> None:
        if not all(text.isascii() and text.isprintable() for item in metadata.items() for text in item):
            raise ValueError("metadata of an object is printable ASCII")
        self._connection = connection
        self._key = key
        self._sender = Sender(connection, key, content_type=content_type, metadata=metadata)
        self._first = bytearray()
        self._filling = bytearray()
        self._position = 0
        self._end = 0
        self._last_part = 1
        self._under_way: deque[Future[None]] = deque()
        self._has_ended = False

    def check(self) -> None:
        """Asks the store whether it knows the bucket and the credentials.

        Raises:
            DeliveryFailed: bucket, key, secret or clock are wrong, or the store is out of reach.
        """
        self._sender.outcome(self._sender.check(), self._connection.patience.check_sec)

    def seek(self, offset: int, /) -> int:
        """Moves to `offset`."""
        self._position = offset
        return offset

    def write(self, data: bytes, /) -> int:
        """Takes bytes at the end, or anew what lies in the first part.

        Raises:
            DeliveryFailed: an earlier part could not be uploaded, or nothing was for too long.
            ValueError: what was written there is on its way already, or the upload has ended.
        """
        stop = self._position + len(data)
        if self._has_ended:
            raise ValueError("the upload has ended")
        if self._position == self._end:
            self._append(memoryview(data))
        elif stop <= len(self._first):
            self._first[self._position : stop] = data
        else:
            raise ValueError("only the first part can be written anew")
        self._position, self._end = stop, max(self._end, stop)
        return len(data)

    def finish(self, *, rest_bytes: int) -> Destination:  # noqa: ARG002  # the reply only holds a URL
        """Makes the object appear, whole, and says where.

        Raises:
            DeliveryFailed: it could not be uploaded.
            ValueError: the upload has ended.
        """
        if self._has_ended:
            raise ValueError("the upload has ended")
        if self._end <= PART_BYTES:
            self._sender.outcome(self._sender.put(bytes(self._first)))
        else:
            self._finish_parts()
        self._has_ended = True
        self._sender.close()
        return Destination(audio_url=self._connection.url(self._key))

    def abort(self) -> None:
        """Has the store forget the parts it holds; those it cannot be told of are its lifecycle rules' to remove.

        An object that a `finish` in doubt may have stored stays: it is whole.
        """
        if self._has_ended:
            return
        self._has_ended = True
        self._sender.drop(wait_sec=self._connection.patience.abort_sec if self._last_part > 1 else 0.0)
        self._under_way.clear()
        self._first, self._filling = bytearray(), bytearray()

    def _append(self, data: memoryview) -> None:
        room = max(0, PART_BYTES - len(self._first))
        self._first += data[:room]
        data = data[room:]
        while data:
            room = PART_BYTES - len(self._filling)
            self._filling += data[:room]
            data = data[room:]
            if len(self._filling) == PART_BYTES:
                self._send_filled()

    def _finish_parts(self) -> None:
        if self._filling:
            self._send_filled()
        self._under_way.append(self._sender.send(1, bytes(self._first)))
        self._wait_until(ahead=0)
        self._sender.outcome(self._sender.complete(self._end))

    def _send_filled(self) -> None:
        self._last_part += 1
        self._under_way.append(self._sender.send(self._last_part, bytes(self._filling)))
        self._filling = bytearray()
        self._wait_until(ahead=PARTS_AHEAD)

    def _wait_until(self, *, ahead: int) -> None:
        """Waits until so many parts are under way at most, and for none that has failed."""
        while self._under_way and (len(self._under_way) > ahead or self._under_way[0].done()):
            self._sender.outcome(self._under_way.popleft())
