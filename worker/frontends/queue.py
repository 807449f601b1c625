"""The RunPod queue: one reply per job."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import runpod
from runpod.serverless.modules.rp_logger import RunPodLogger

from worker.jobs.context import Job
from worker.service import Service
from worker.takes.cancellable import Cancellation

HEADROOM = 3
"""Jobs taken beyond the lanes: the SDK sleeps for a second whenever all its slots are full."""


class Queue:
    """Jobs run in as many threads as there are lanes; the event loop stays free for the platform."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._lanes = ThreadPoolExecutor(service.worker.settings.lanes, thread_name_prefix="lane")

    async def handle(self, job: Mapping[str, Any]) -> dict[str, Any]:
        """The reply to a job of the platform, which is read and never changed."""
        received_sec = time.monotonic()
        cancellation = Cancellation()

        def run() -> dict[str, Any]:
            queue_sec = time.monotonic() - received_sec
            context = Job(id=str(job.get("id", "unknown")), queue_sec=queue_sec, cancellation=cancellation)
            return self._service.run(context, job.get("input")).model_dump(mode="json", exclude_none=True)

        try:
            return await asyncio.get_running_loop().run_in_executor(self._lanes, run)
        except asyncio.CancelledError:
            cancellation.cancel()
            raise

    def slots(self, _current: int) -> int:
        """Jobs to hold at once; constant, for the SDK stops taking jobs while it changes."""
        return self._service.worker.settings.lanes + HEADROOM


def serve(service: Service) -> None:
    """Takes jobs until the platform ends the worker."""
    # At its default level, DEBUG, the SDK prints what handlers return.
    RunPodLogger().set_level(service.worker.settings.log_level.replace("DEBUG", "INFO"))
    queue = Queue(service)
    runpod.serverless.start({"handler": queue.handle, "concurrency_modifier": queue.slots})
