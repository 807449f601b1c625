"""Inline delivery: base64 in the reply, below the platform's limit for that call."""

from __future__ import annotations

import base64

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


def inline(audio: bytes) -> Destination:
    """The audio itself."""
    return Destination(audio_base64=base64.b64encode(audio).decode("ascii"))
