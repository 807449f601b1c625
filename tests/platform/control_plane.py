"""A local stand-in for the platform: both halves of its wire format, its queue, and misbehaviour on demand."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from types import TracebackType
from typing import Self, TypeVar

from aiohttp import web

from tests.platform.bell import Bell
from tests.platform.client_api import ClientApi
from tests.platform.faults import Action, Fault
from tests.platform.gate import Gate
from tests.platform.job import FINAL, Job, State
from tests.platform.job_queue import Queue, QueuePolicy
from tests.platform.limits import Limits
from tests.platform.loop_thread import LoopThread
from tests.platform.server import MAX_BODY_BYTES, Server
from tests.platform.violations import Violation, ViolationKind
from tests.platform.wire import Request
from tests.platform.worker_api import WorkerApi

T = TypeVar("T")

ENDPOINT_ID = "test-endpoint"
API_KEY = "test-key"
HOLD_SEC = 2.0
"""The platform holds a poll for up to 90 s; a stock worker that is told to end waits for it."""
WITHIN_SEC = 20.0
SWEEP_SEC = 0.05
LOOK_SEC = 0.01


class ControlPlane:
    """Serves on 127.0.0.1 from a thread of its own while entered; every method may be called from any thread."""

    def __init__(
        self, *, policy: QueuePolicy | None = None, limits: Limits | None = None, hold_sec: float = HOLD_SEC
    ) -> None:
        limits = limits or Limits()
        bell = Bell()
        self._queue = Queue(policy or QueuePolicy(), time.monotonic, bell.ring)
        app = web.Application(client_max_size=MAX_BODY_BYTES)
        self._server = Server(app)
        self._gate = Gate(queue=self._queue, clock=time.monotonic, go_down=self._server.go_down)
        app.middlewares.append(self._gate.let_pass)
        for api in (WorkerApi, ClientApi):
            app.add_routes(
                api(queue=self._queue, bell=bell, limits=limits, api_key=API_KEY, hold_sec=hold_sec).routes()
            )

    def __enter__(self) -> Self:
        self._thread = LoopThread("control plane")
        self._thread.run(self._start())
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._thread.run(self._server.stop())
        self._thread.close()

    @property
    def port(self) -> int:
        return self._server.port

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def url(self) -> str:
        """What the real client takes as `runpod.endpoint_url_base`."""
        return f"{self.address}/v2"

    def worker_environment(self, worker_id: str, *, address: str | None = None) -> dict[str, str]:
        """What puts the SDK into production mode against this server, or against a proxy before it at `address`."""
        base = f"{address or self.address}/v2/{ENDPOINT_ID}"
        return {
            # The SDK appends "&...": without a "?" the path would break.
            "RUNPOD_WEBHOOK_GET_JOB": f"{base}/job-take/$ID?gpu=LOCAL",
            "RUNPOD_WEBHOOK_POST_OUTPUT": f"{base}/job-done/$RUNPOD_POD_ID/$ID?gpu=LOCAL",
            "RUNPOD_WEBHOOK_POST_STREAM": f"{base}/job-stream/$RUNPOD_POD_ID/$ID?gpu=LOCAL",
            "RUNPOD_WEBHOOK_PING": f"{base}/ping/$RUNPOD_POD_ID?gpu=LOCAL",
            "RUNPOD_PING_INTERVAL": "1000",
            "RUNPOD_AI_API_KEY": API_KEY,
            "RUNPOD_POD_ID": worker_id,
            "RUNPOD_ENDPOINT_ID": ENDPOINT_ID,
            "RUNPOD_SKIP_AUTO_SYSTEM_CHECKS": "true",
            "RUNPOD_SKIP_GPU_CHECK": "true",
        }

    def submit(self, job_input: object, *, job_id: str | None = None, sync: bool = False, **fields: object) -> str:
        """The id of a new job, put into the queue directly; `fields` are the request's others, such as `policy`."""
        request = {"input": job_input, **fields}
        return self._call(lambda: self._queue.submit(request, sync=sync, job_id=job_id).id)

    def cancel(self, job_id: str) -> None:
        self._call(lambda: self._queue.cancel(job_id))

    def retry(self, job_id: str) -> None:
        self._call(lambda: self._queue.retry(job_id))

    def deliver_again(self, job_id: str) -> None:
        """Hands the job out once more under its id, although it is held or finished."""
        self._call(lambda: self._queue.deliver_again(job_id))

    def job(self, job_id: str) -> Job:
        """A copy of the job as it is now."""
        return self._call(lambda: self._queue.find(job_id).snapshot())

    def jobs(self) -> list[Job]:
        return self._call(lambda: [job.snapshot() for job in self._queue.jobs.values()])

    def wait_for(self, job_id: str, *states: State, within_sec: float = WITHIN_SEC) -> Job:
        """The job as soon as it is in one of these states; without any, in a final one."""
        wanted = states or tuple(FINAL)
        self.wait_until(
            lambda: self.job(job_id).state in wanted,
            within_sec=within_sec,
            what=lambda: f"{self.job(job_id).state} is none of {', '.join(wanted)}",
        )
        return self.job(job_id)

    def wait_until(
        self,
        condition: Callable[[], bool],
        *,
        within_sec: float = WITHIN_SEC,
        what: Callable[[], str] = lambda: "the condition does not hold",
    ) -> None:
        deadline = time.monotonic() + within_sec
        while not condition():
            if time.monotonic() > deadline:
                tail = "\n".join(str(request) for request in self.requests()[-20:])
                raise AssertionError(f"after {within_sec} s, {what()}; the last requests were:\n{tail}")
            time.sleep(LOOK_SEC)

    def requests(
        self, kind: str | None = None, *, job_id: str | None = None, worker_id: str | None = None
    ) -> list[Request]:
        """The wire log so far, in order of arrival; narrowed to what is named."""
        wanted = (kind, job_id, worker_id)

        def matches(request: Request) -> bool:
            found = (request.kind, request.job_id, request.worker_id)
            return all(name in (None, value) for name, value in zip(wanted, found, strict=True))

        return self._call(lambda: [request for request in self._gate.log if matches(request)])

    def violations(self, kind: ViolationKind | None = None, *, job_id: str | None = None) -> list[Violation]:
        """What workers sent that they must not; narrowed to what is named."""
        found = self._call(lambda: list(self._queue.violations))
        return [one for one in found if kind in (None, one.kind) and job_id in (None, one.job_id)]

    def refreshes(self) -> list[tuple[str, str]]:
        """Worker and job of each answer that asked for a fresh worker."""
        return self._call(lambda: list(self._queue.refreshes))

    def unhealthy(self) -> dict[str, str]:
        """Workers that reported a failed fitness check, with their reason."""
        return self._call(lambda: dict(self._queue.unhealthy))

    def inject(
        self, kind: str, action: Action, *, job_id: str | None = None, first: int = 1, times: int | None = 1
    ) -> Fault:
        """Plans the action for the `first`-th request of this kind from now on and for `times` in a row (None: all).

        `kind` is the endpoint's verb: `job-take`, `job-take-batch`, `job-done`, `job-stream`, `ping`, `run`, ...
        What is returned counts its `hits`.
        """
        fault = Fault(kind=kind, action=action, job_id=job_id, first=first, times=times)
        self._call(lambda: self._gate.schedule.add(fault))
        return fault

    def clear_faults(self) -> None:
        self._call(self._gate.schedule.clear)

    def go_down(self, seconds: float) -> None:
        """Drops every connection and refuses new ones for so long; returns at once."""
        self._call(lambda: self._server.go_down(seconds))

    def _call(self, function: Callable[[], T]) -> T:
        return self._thread.call(function)

    async def _start(self) -> None:
        await self._server.start()
        self._sweeping = asyncio.create_task(self._sweep())

    async def _sweep(self) -> None:
        while True:
            self._queue.sweep()
            await asyncio.sleep(SWEEP_SEC)
