"""A sender: the requests of one upload, made in order in a thread of their own."""

from __future__ import annotations

import io
import logging
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextvars import copy_context
from threading import Event
from typing import TypeVar

from worker.delivery.s3.connection import Client, Connection
from worker.delivery.s3.faults import FORBIDDEN, NO_UPLOAD, STORE_ERRORS, code_of
from worker.errors import DeliveryFailed
from worker.logs import event

Result = TypeVar("Result")

logger = logging.getLogger(__name__)


class Sender:
    """Puts one object, whole or in parts; what it answers with is a future, which `outcome` reads."""

    def __init__(self, connection: Connection, key: str, *, content_type: str, metadata: Mapping[str, str]) -> None:
        self._connection = connection
        self._patience = connection.patience
        self._object = {"Bucket": connection.target.bucket, "Key": key}
        self._headers = {"ContentType": content_type, "Metadata": dict(metadata)}
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="s3")
        self._ended = Event()
        self._upload_id: str | None = None
        self._tags: dict[int, str] = {}
        """What the store calls each part, by its number."""

    def check(self) -> Future[None]:
        """Asks the bucket for a list of what it has under the key.

        Of the cheap requests this is the one whose refusal says why: a HEAD has no body for it. A key that may put
        but not list is refused too, with a plain denial; whether it may put is then known at the first part.
        """
        return self._submit(self._list, self._patience.check_sec)

    def put(self, data: bytes) -> Future[None]:
        """Stores the whole object."""

        def put(client: Client) -> None:
            client.put_object(**self._object, **self._headers, Body=io.BytesIO(data))

        return self._submit(put, self._patience.stall_sec)

    def send(self, number: int, data: bytes) -> Future[None]:
        """Uploads a part; numbers may come in any order."""

        def send(client: Client) -> None:
            if self._upload_id is None:
                self._upload_id = client.create_multipart_upload(**self._object, **self._headers)["UploadId"]
            # As a file it is sent in blocks: each has the time-out for itself, not all of them together.
            answer = client.upload_part(**self._part_of(), PartNumber=number, Body=io.BytesIO(data))
            self._tags[number] = answer["ETag"]

        return self._submit(send, self._patience.stall_sec)

    def complete(self, size_bytes: int) -> Future[None]:
        """Makes an object of that size from the parts."""
        parts = [{"PartNumber": number, "ETag": self._tags[number]} for number in sorted(self._tags)]

        def complete(client: Client) -> None:
            try:
                client.complete_multipart_upload(**self._part_of(), MultipartUpload={"Parts": parts})
            except STORE_ERRORS as error:
                # An earlier try may have succeeded and its answer been lost.
                if code_of(error) != NO_UPLOAD or not self._is_stored(client, size_bytes):
                    raise

        return self._submit(complete, self._patience.stall_sec)

    def outcome(self, under_way: Future[None], within_sec: float | None = None) -> None:
        """Waits for one request.

        Raises:
            DeliveryFailed: it failed or took too long.
        """
        limit_sec = within_sec or self._patience.stall_sec
        try:
            under_way.result(limit_sec)
        except TimeoutError as error:
            under_way.cancel()
            raise DeliveryFailed(f"the store stood still for {limit_sec:g} s") from error

    def close(self) -> None:
        """Ends the thread after what it is doing."""
        self._ended.set()
        self._thread.shutdown(wait=False, cancel_futures=True)

    def drop(self, *, wait_sec: float) -> None:
        """Begins nothing any more and, after what is being done, has the store forget the parts.

        It waits for that so long; after that it goes on by itself.
        """
        self._ended.set()
        dropping = self._thread.submit(copy_context().run, self._drop)
        self._thread.shutdown(wait=False)
        wait([dropping], wait_sec)

    def _submit(self, request: Callable[[Client], None], within_sec: float) -> Future[None]:
        def run() -> None:
            self._connection.call(request, within_sec=within_sec, ended=self._ended)

        return self._thread.submit(copy_context().run, run)

    def _list(self, client: Client) -> None:
        try:
            client.list_objects_v2(Bucket=self._object["Bucket"], Prefix=self._object["Key"], MaxKeys=1)
        except STORE_ERRORS as error:
            if code_of(error) not in FORBIDDEN:
                raise
            event(logger, "s3 access not known: the key may not list")

    def _is_stored(self, client: Client, size_bytes: int) -> bool:
        try:
            return int(client.head_object(**self._object)["ContentLength"]) == size_bytes
        except STORE_ERRORS:
            return False

    def _drop(self) -> None:
        if self._upload_id is None:
            return
        try:
            self._connection.client.abort_multipart_upload(**self._part_of())
        except STORE_ERRORS as error:
            if code_of(error) != NO_UPLOAD:
                logger.warning("s3 upload not aborted", extra={"figures": {"code": code_of(error)}})

    def _part_of(self) -> dict[str, str | None]:
        return {**self._object, "UploadId": self._upload_id}
