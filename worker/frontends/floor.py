"""The floor: jobs in hand, each in a lane and a thread, and all of them to be stopped by id."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from worker.frontends.lanes import Lanes
from worker.jobs.context import Job
from worker.jobs.progress import Progress
from worker.takes.cancellation import Cancellation

T = TypeVar("T")

HEADROOM = 2
"""Jobs held beyond the lanes, so that a lane never waits for the platform; each keeps another worker from it."""


class Floor:
    """Where the platform's jobs are worked on; the event loop stays free for the platform."""

    def __init__(self, lanes: int) -> None:
        self.slots = lanes + HEADROOM
        """Jobs to hold at once."""
        self._lanes = Lanes(lanes)
        self._threads = ThreadPoolExecutor(self.slots, thread_name_prefix="job")
        self._in_hand: dict[str, Cancellation] = {}

    async def run(
        self, platform_job: Mapping[str, Any], work: Callable[[Job], T], progress: Progress | None = None
    ) -> T:
        """What `work` makes of a job of the platform's, in a thread; cancelling this cancels the job."""
        received_sec, job_id = time.monotonic(), str(platform_job.get("id", "unknown"))
        cancellation = self._in_hand[job_id] = Cancellation()
        try:
            async with self._lanes.lane(platform_job.get("input")):
                job = Job(
                    id=job_id,
                    queue_sec=time.monotonic() - received_sec,
                    s3_config=platform_job.get("s3Config"),
                    cancellation=cancellation,
                    progress=progress or Progress(),
                )
                return await asyncio.get_running_loop().run_in_executor(self._threads, work, job)
        except asyncio.CancelledError:
            cancellation.cancel()
            raise
        finally:
            self._in_hand.pop(job_id, None)

    def stop(self, job_id: str) -> None:
        """Cancels a job in hand, if it is."""
        if cancellation := self._in_hand.get(job_id):
            cancellation.cancel()
