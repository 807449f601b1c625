"""The RunPod queue: one reply per job."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from worker.frontends.floor import Floor
from worker.jobs.context import Job
from worker.service import Service


class Queue:
    """Answers each job of the platform with one reply."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self.floor = Floor(service.worker.settings.lanes)

    async def handle(self, job: Mapping[str, Any]) -> dict[str, Any]:
        """The reply to a job, which is read and never changed."""

        def work(context: Job) -> dict[str, Any]:
            return self._service.run(context, job.get("input")).model_dump(mode="json", exclude_none=True)

        return await self.floor.run(job, work)
