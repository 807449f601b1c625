"""The half of the API that clients call."""

from __future__ import annotations

from dataclasses import dataclass

from aiohttp import web

from tests.platform.bell import Bell
from tests.platform.job import Job, State
from tests.platform.job_queue import Queue, UnknownJob
from tests.platform.limits import Limits
from tests.platform.strict_json import parse_object

SYNC_WAIT_SEC = 90.0
"""How long /runsync waits unless `?wait=` says otherwise."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientApi:
    queue: Queue
    bell: Bell
    limits: Limits
    api_key: str
    hold_sec: float
    """How long /stream waits for a chunk."""

    def routes(self) -> list[web.RouteDef]:
        return [
            web.post("/v2/{endpoint}/run", self.run),
            web.post("/v2/{endpoint}/runsync", self.runsync),
            web.get("/v2/{endpoint}/status/{job}", self.status),
            web.get("/v2/{endpoint}/stream/{job}", self.stream),
            web.post("/v2/{endpoint}/cancel/{job}", self.cancel),
            web.post("/v2/{endpoint}/retry/{job}", self.retry),
            web.post("/v2/{endpoint}/purge-queue", self.purge_queue),
            web.get("/v2/{endpoint}/health", self.health),
        ]

    async def run(self, request: web.Request) -> web.Response:
        job = await self._submit(request, sync=False)
        return web.json_response({"id": job.id, "status": job.state})

    async def runsync(self, request: web.Request) -> web.Response:
        job = await self._submit(request, sync=True)
        wait_sec = int(request.query["wait"]) / 1000 if "wait" in request.query else SYNC_WAIT_SEC
        await self.bell.until(lambda: job.is_final, wait_sec)
        return web.json_response(_described(job))

    async def status(self, request: web.Request) -> web.Response:
        return web.json_response(_described(self._find(request)))

    async def stream(self, request: web.Request) -> web.Response:
        job = self._find(request)
        await self.bell.until(lambda: job.is_final or job.chunks_read < len(job.chunks), self.hold_sec)
        chunks = [{"output": chunk} for chunk in self.queue.read_chunks(job)]
        return web.json_response({"status": job.state, "stream": chunks})

    async def cancel(self, request: web.Request) -> web.Response:
        job = self.queue.cancel(self._find(request).id)
        return web.json_response({"id": job.id, "status": job.state})

    async def retry(self, request: web.Request) -> web.Response:
        job = self.queue.retry(self._find(request).id)
        if job is None:
            raise web.HTTPBadRequest(text="only failed and timed-out jobs can be retried")
        return web.json_response({"id": job.id, "status": job.state})

    async def purge_queue(self, request: web.Request) -> web.Response:
        self._authorise(request)
        return web.json_response({"removed": self.queue.purge(), "status": "completed"})

    async def health(self, request: web.Request) -> web.Response:
        self._authorise(request)
        counts = self.queue.counts()
        busy = {job.worker_id for job in self.queue.jobs.values() if job.state is State.IN_PROGRESS}
        healthy = self.queue.workers.keys() - self.queue.unhealthy.keys()
        jobs = {
            "completed": counts[State.COMPLETED],
            "failed": counts[State.FAILED] + counts[State.TIMED_OUT],
            "inProgress": counts[State.IN_PROGRESS],
            "inQueue": counts[State.IN_QUEUE],
            "retried": sum(job.retries for job in self.queue.jobs.values()),
        }
        workers = {
            "idle": len(healthy - busy),
            "initializing": 0,
            "ready": len(healthy),
            "running": len(healthy & busy),
            "throttled": 0,
            "unhealthy": len(self.queue.unhealthy),
        }
        return web.json_response({"jobs": jobs, "workers": workers})

    async def _submit(self, request: web.Request, *, sync: bool) -> Job:
        self._authorise(request)
        body = await request.read()
        if len(body) > self.limits.of_job(sync):
            raise web.HTTPBadRequest(text=f"{len(body)} bytes are more than {self.limits.of_job(sync)}")
        try:
            content = parse_object(body)
        except ValueError as error:
            raise web.HTTPBadRequest(text=str(error)) from None
        if "input" not in content:
            raise web.HTTPBadRequest(text="input is missing")
        return self.queue.submit(content, sync=sync)

    def _find(self, request: web.Request) -> Job:
        self._authorise(request)
        try:
            return self.queue.find(request.match_info["job"])
        except UnknownJob:
            raise web.HTTPNotFound from None

    def _authorise(self, request: web.Request) -> None:
        if request.headers.get("Authorization") != f"Bearer {self.api_key}":
            raise web.HTTPUnauthorized


def _described(job: Job) -> dict[str, object]:
    answer: dict[str, object] = {"id": job.id, "status": job.state}
    if job.started_at_sec is not None:
        answer["delayTime"] = round((job.started_at_sec - job.submitted_at_sec) * 1000)
        answer["workerId"] = job.worker_id
        if job.ended_at_sec is not None:
            answer["executionTime"] = round((job.ended_at_sec - job.started_at_sec) * 1000)
    output = job.output if job.is_final else job.progress
    if output is not None:
        answer["output"] = output
    if job.error is not None:
        answer["error"] = job.error
    return answer
