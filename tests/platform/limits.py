"""The platform's size limits, which hold for requests and for results."""

from __future__ import annotations

from dataclasses import dataclass

MEGABYTE = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """https://docs.runpod.io/serverless/endpoints/send-requests; the smaller meaning of MB is the safe one."""

    run_bytes: int = 10 * MEGABYTE
    runsync_bytes: int = 20 * MEGABYTE
    chunk_bytes: int = 1 * MEGABYTE

    def of_job(self, sync: bool) -> int:
        return self.runsync_bytes if sync else self.run_bytes
