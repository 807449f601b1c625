"""The half of the API that the worker's SDK calls."""

from __future__ import annotations

from dataclasses import dataclass

from aiohttp import web

from tests.platform.bell import Bell
from tests.platform.job import Job
from tests.platform.job_queue import Queue, UnknownJob
from tests.platform.limits import Limits
from tests.platform.strict_json import parse_object


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerApi:
    queue: Queue
    bell: Bell
    limits: Limits
    api_key: str
    """Sent by workers as it is, without "Bearer"."""
    hold_sec: float
    """How long a poll stays open when there is nothing to say."""

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/v2/{endpoint}/job-take/{worker}", self.take_one),
            web.get("/v2/{endpoint}/job-take-batch/{worker}", self.take_batch),
            web.get("/v2/{endpoint}/job-stop/{worker}", self.stop),
            web.get("/v2/{endpoint}/ping/{worker}", self.ping),
            web.post("/v2/{endpoint}/job-done/{worker}/{job}", self.done),
            web.post("/v2/{endpoint}/job-stream/{worker}/{job}", self.stream),
        ]

    async def take_one(self, request: web.Request) -> web.Response:
        jobs = await self._take(request, 1)
        return web.json_response(_delivered(jobs[0])) if jobs else web.Response(status=204)

    async def take_batch(self, request: web.Request) -> web.Response:
        jobs = await self._take(request, int(request.query.get("batch_size", "1")))
        return web.json_response([_delivered(job) for job in jobs]) if jobs else web.Response(status=204)

    async def stop(self, request: web.Request) -> web.Response:
        self._authorise(request)
        worker = request.match_info["worker"]
        job_ids = await self.bell.until(lambda: _connected(request) and self.queue.stops(worker), self.hold_sec)
        return web.json_response({"jobsToStop": job_ids}) if job_ids else web.Response(status=204)

    async def ping(self, request: web.Request) -> web.Response:
        worker = request.match_info["worker"]
        if request.query.get("status") == "unhealthy":
            self.queue.unhealthy[worker] = request.query.get("reason", "")
        self.queue.hear(worker)
        return web.Response()

    async def done(self, request: web.Request) -> web.Response:
        worker, job = request.match_info["worker"], request.match_info["job"]
        body, answer = await self._read(request, self.limits.of_job(job.startswith("sync-")))
        if answer.get("status") == "IN_PROGRESS":
            self.queue.report_progress(worker, job, answer.get("output"))
        else:
            self.queue.finish(worker, job, answer, body)
        return web.Response()

    async def stream(self, request: web.Request) -> web.Response:
        _, chunk = await self._read(request, self.limits.chunk_bytes)
        self.queue.add_chunk(request.match_info["worker"], request.match_info["job"], chunk.get("output"))
        return web.Response()

    async def _take(self, request: web.Request, count: int) -> list[Job]:
        self._authorise(request)
        worker = request.match_info["worker"]
        jobs = await self.bell.until(
            lambda: self.queue.take(worker, count) if _connected(request) else [], self.hold_sec
        )
        return jobs or []

    async def _read(self, request: web.Request, limit_bytes: int) -> tuple[bytes, dict[str, object]]:
        """The body, raw and parsed; refused with the platform's status if anything is wrong with it."""
        self._authorise(request)
        worker, job_id = request.match_info["worker"], request.match_info["job"]
        try:
            self.queue.find(job_id)
        except UnknownJob:
            if job_id not in self.queue.expired:
                self.queue.blame("unknown_job", worker, job_id)
            raise web.HTTPNotFound from None
        body = await request.read()
        if len(body) > limit_bytes:
            self.queue.blame("too_large", worker, job_id)
            raise web.HTTPBadRequest(text=f"{len(body)} bytes are more than {limit_bytes}")
        try:
            return body, parse_object(body)
        except ValueError as error:
            self.queue.blame("invalid_json", worker, job_id)
            raise web.HTTPBadRequest(text=str(error)) from None

    def _authorise(self, request: web.Request) -> None:
        if request.headers.get("Authorization") != self.api_key:
            self.queue.blame("unauthorised", request.match_info["worker"], request.match_info.get("job", ""))
            raise web.HTTPUnauthorized


def _delivered(job: Job) -> dict[str, object]:
    return {**job.request, "id": job.id}


def _connected(request: web.Request) -> bool:
    return request.transport is not None and not request.transport.is_closing()
