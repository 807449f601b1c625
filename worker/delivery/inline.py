"""Inline delivery: base64 in the reply, below the platform's limit for that call."""

from __future__ import annotations

import base64
import io

from worker.errors import PayloadTooLarge
from worker.reply import Destination

RUN_LIMIT_BYTES = 10_000_000
"""Largest reply of an asynchronous call: https://docs.runpod.io/serverless/endpoints/operation-reference."""
RUNSYNC_LIMIT_BYTES = 20_000_000
"""Largest reply of a synchronous one."""
RUNSYNC_ID_PREFIX = "sync-"
ENVELOPE_BYTES = 4096
"""Room for what the platform wraps around a reply."""


def inline_limit(job_id: str) -> int:
    """Bytes of JSON that the platform carries back for this job."""
    limit = RUNSYNC_LIMIT_BYTES if job_id.startswith(RUNSYNC_ID_PREFIX) else RUN_LIMIT_BYTES
    return limit - ENVELOPE_BYTES


def inline_size(audio_bytes: int) -> int:
    """Bytes that audio takes in a reply: four characters for every three bytes begun."""
    return 4 * -(-audio_bytes // 3)


class InlineSink:
    """Keeps what fits into a reply; of what does not it keeps the size alone, to be told in the error."""

    def __init__(self, job_id: str) -> None:
        self._limit_bytes = inline_limit(job_id)
        self._kept = io.BytesIO()
        self._position = 0
        self._size_bytes = 0

    @property
    def kept(self) -> bytes:
        """The file so far; nothing, once it was over the limit."""
        return self._kept.getvalue()

    def takes(self, count: int) -> bool:
        """Whether the audio stays under the limit with `count` more bytes here."""
        return inline_size(max(self._size_bytes, self._position + count)) <= self._limit_bytes

    def seek(self, offset: int, /) -> int:
        """As a file's own."""
        self._position = offset
        return offset

    def write(self, data: bytes, /) -> int:
        """Keeps the bytes as long as all of them fit."""
        if self.takes(len(data)):
            self._kept.seek(self._position)
            self._kept.write(data)
        else:
            self._kept = io.BytesIO()
        self._position += len(data)
        self._size_bytes = max(self._size_bytes, self._position)
        return len(data)

    def fits(self, rest_bytes: int) -> bool:
        """Whether audio and the rest of the reply go through together."""
        return inline_size(self._size_bytes) + rest_bytes <= self._limit_bytes

    def finish(self, *, rest_bytes: int) -> Destination:
        """The audio itself."""
        if not self.fits(rest_bytes):
            raise PayloadTooLarge(
                f"the reply would be {inline_size(self._size_bytes) + rest_bytes} bytes and the platform carries "
                f"{self._limit_bytes} for this call: send less text, ask for a smaller format (mp3, opus), allow one "
                "with 'allow_downgrade', or have it stored with 'delivery': 's3' or 'volume' where the worker has it",
                field="delivery",
            )
        return Destination(audio_base64=base64.b64encode(self.kept).decode("ascii"))

    def abort(self) -> None:
        """Forgets the bytes."""
        self._kept = io.BytesIO()
