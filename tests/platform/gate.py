"""Where every request passes: logged, harmed if that is planned, then handled."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from aiohttp import web

from tests.platform.faults import Action, Answer, Delay, Down, Drop, FaultSchedule
from tests.platform.job_queue import Queue
from tests.platform.wire import Request

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    queue: Queue
    clock: Callable[[], float]
    go_down: Callable[[float], None]
    """Starts an outage of so many seconds."""
    schedule: FaultSchedule = field(default_factory=FaultSchedule)
    log: list[Request] = field(default_factory=list)

    @web.middleware
    async def let_pass(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        record = self._record(request)
        record.fault = self.schedule.strike(record.kind, record.job_id)
        self.log.append(record)
        try:
            response = await self._act(record.fault, request, handler)
            if response is not None:
                record.status = response.status
                return response
        except web.HTTPException as refusal:
            record.status = refusal.status
            raise
        finally:
            record.seconds = self.clock() - record.at_sec
        if record.fault == Drop("after_effect") and record.job_id is not None:
            self.queue.reply_was_lost(record.job_id)
        if request.transport is not None:
            request.transport.abort()
        return web.Response()  # into the void

    async def _act(self, action: Action | None, request: web.Request, handler: Handler) -> web.StreamResponse | None:
        """The reply; None if the connection is to be dropped."""
        match action:
            case Answer(status, body, content_type):
                await request.read()
                return web.Response(status=status, body=body, content_type=content_type)
            case Drop("before_body"):
                return None
            case Drop("after_body"):
                await request.read()
                return None
            case Drop("after_effect"):
                await handler(request)
                return None
            case Down(seconds):
                self.go_down(seconds)
                return None
            case Delay(seconds):
                await request.read()
                await asyncio.sleep(seconds)
        return await handler(request)

    def _record(self, request: web.Request) -> Request:
        return Request(
            at_sec=self.clock(),
            method=request.method,
            path=request.path,
            kind=request.path.split("/")[3] if request.path.count("/") > 2 else "",
            worker_id=request.match_info.get("worker"),
            job_id=request.match_info.get("job"),
            query=dict(request.query),
            headers=dict(request.headers),
            size_bytes=request.content_length or 0,
        )
