"""Connections: calls to one bucket, each tried until it succeeds or patience ends."""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from threading import Event, Lock
from typing import Any, TypeVar
from urllib.parse import quote

from worker.delivery.s3.answers import bounded
from worker.delivery.s3.faults import STORE_ERRORS, fault_of
from worker.delivery.s3.target import Target
from worker.errors import DeliveryFailed

FIRST_PAUSE_SEC = 0.1
LONGEST_PAUSE_SEC = 5.0
POOL_CONNECTIONS = 32
"""Kept open at once, one per upload under way."""

Client = Any
"""A botocore client; its methods are made at run time."""
Result = TypeVar("Result")


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long a store may take, in seconds."""

    connect_sec: float = 5.0
    """For a connection, and for each block sent over it."""
    read_sec: float = 15.0
    """For each piece of an answer."""
    check_sec: float = 20.0
    """For the check before a job begins, all tries together."""
    stall_sec: float = 60.0
    """For one part or the whole of a small object, all tries together: so long an upload may stand still."""
    abort_sec: float = 5.0
    """For an abort, before it goes on in the background."""


class Connection:
    """A bucket and the client that talks to it; for any number of threads."""

    def __init__(self, target: Target, patience: Patience | None = None) -> None:
        self.target = target
        self.patience = patience or Patience()
        self._lock = Lock()
        self._made: Client = None

    def call(self, request: Callable[[Client], Result], *, within_sec: float, ended: Event) -> Result:
        """The result of `request`, made again after transient faults; none is made once `ended` is set.

        Raises:
            DeliveryFailed: the store refuses it, is out of reach for so long, or nobody waits any more.
        """
        give_up_at = time.monotonic() + within_sec
        pauses = _pauses()
        while not ended.is_set():
            try:
                return request(self.client)
            except STORE_ERRORS as error:
                fault, pause_sec = fault_of(error), next(pauses)
                if not fault.transient or time.monotonic() + pause_sec > give_up_at:
                    raise fault.error from error
            ended.wait(pause_sec)
        raise DeliveryFailed("the upload was given up")

    def url(self, key: str) -> str:
        """Where the object can be read: signed and for a while, or for everyone where the bucket is public."""
        if self.target.public_base_url is not None:
            return f"{self.target.public_base_url.rstrip('/')}/{quote(key)}"
        signed: str = self.client.generate_presigned_url(
            "get_object",
            Params={"Bucket": self.target.bucket, "Key": key},
            ExpiresIn=self.target.url_lifetime_sec,
        )
        return signed

    @property
    def client(self) -> Client:
        """Made at the first use, which takes 0.1 s."""
        with self._lock:
            self._made = self._made or _client(self.target, self.patience)
            return self._made


def _client(target: Target, patience: Patience) -> Client:
    """A client that knows the target and nothing else: no profile, no metadata server, no keys lying around."""
    from botocore.config import Config  # type: ignore[import-untyped]  # botocore ships no types
    from botocore.session import Session  # type: ignore[import-untyped]  # the same

    # At DEBUG it logs access keys and signatures.
    logging.getLogger("botocore").setLevel(logging.WARNING)
    nowhere = (None, None, os.devnull, None)
    session = Session(
        session_vars={"config_file": nowhere, "credentials_file": nowhere, "profile": (None, None, None, None)}
    )
    client = session.create_client(
        "s3",
        region_name=target.region,
        endpoint_url=target.endpoint,
        aws_access_key_id=target.access_key_id.get_secret_value(),
        aws_secret_access_key=target.secret_access_key.get_secret_value(),
        config=Config(
            signature_version="s3v4",
            s3={"addressing_style": "virtual" if target.bucket_in_host else "path"},
            connect_timeout=patience.connect_sec,
            read_timeout=patience.read_sec,
            # Tries are counted here alone, where they keep a deadline.
            retries={"mode": "standard", "total_max_attempts": 1},
            max_pool_connections=POOL_CONNECTIONS,
            # Other stores than AWS do not all know the newer checksums.
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
        ),
    )
    sender = client._endpoint.http_session  # noqa: SLF001  # there is no other way to the one it was set up with
    client.meta.events.register("before-send.s3", bounded(sender.send, patience.read_sec))
    return client


def _pauses() -> Iterator[float]:
    pause_sec = FIRST_PAUSE_SEC
    while True:
        yield pause_sec
        pause_sec = min(2 * pause_sec, LONGEST_PAUSE_SEC)
