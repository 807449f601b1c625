"""The RunPod queue: one reply per job."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from worker.frontends.announcer import Announcer, Tell
from worker.frontends.floor import Floor
from worker.jobs.context import Job
from worker.jobs.progress import EVERY_SEC
from worker.service import Service


class Queue:
    """Answers each job of the platform with one reply, and tells how far a long one is until then."""

    def __init__(self, service: Service, *, tell: Tell | None = None, progress_sec: float = EVERY_SEC) -> None:
        """`tell` hears of the jobs under way, of each every `progress_sec`; never of a short one."""
        self._service = service
        self._tell = tell
        self._progress_sec = progress_sec
        self.floor = Floor(service.worker.settings.lanes)

    async def handle(self, job: Mapping[str, Any]) -> dict[str, Any]:
        """The reply to a job, which is read and never changed."""

        def work(context: Job) -> dict[str, Any]:
            return self._service.run(context, job.get("input")).model_dump(mode="json", exclude_none=True)

        async with Announcer(str(job.get("id")), self._tell, every_sec=self._progress_sec) as announcer:
            return await self.floor.run(job, work, announcer.progress())
