"""Changes to objects of a bucket that several workers change."""

from __future__ import annotations

import io
from collections.abc import Mapping

from worker.delivery.s3.connection import Client
from worker.delivery.s3.faults import STORE_ERRORS, code_of
from worker.delivery.s3.objects import CHANGED, MISSING, etag_of

CONFLICTS = CHANGED | {"ConditionalRequestConflict", "OperationAborted", "409"}
CONDITIONS_UNKNOWN = frozenset({"NotImplemented", "501", "InvalidArgument", "InvalidRequest"})
"""What stores answer that know no conditional writes, where they do not just ignore them."""

Place = Mapping[str, str]
"""The bucket and the key."""


def put_over(client: Client, *, place: Place, data: bytes, etag: str | None) -> str | None:
    """Puts an object in place of the one with that ETag, or of none; its ETag, or None where something else is there.

    Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html. A store that does not know
    this puts it in place of anything.
    """
    condition = {"IfNoneMatch": "*"} if etag is None else {"IfMatch": f'"{etag}"'}
    try:
        return _put(client, place, data, condition)
    except STORE_ERRORS as error:
        code = code_of(error)
        if code in CONFLICTS or (etag is not None and code in MISSING):
            return None
        if code not in CONDITIONS_UNKNOWN:
            raise
    return _put(client, place, data, {})


def remove(client: Client, *, place: Place) -> bool:
    """Removes an object; whether there was one, which a store does not say of its own accord."""
    try:
        client.head_object(**place)
    except STORE_ERRORS as error:
        if code_of(error) in MISSING:
            return False
        raise
    client.delete_object(**place)
    return True


def _put(client: Client, place: Place, data: bytes, condition: Mapping[str, str]) -> str:
    # As a file it is sent in blocks: each has the time-out for itself, not all of them together.
    return etag_of(client.put_object(**place, **condition, Body=io.BytesIO(data)))
