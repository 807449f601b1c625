"""RunPod's SDK, hardened: jobs taken without its pauses, results delivered with retries, nothing dropped unsaid.

The SDK's own loop sleeps for a second whenever its slots are full, drops a result on any 4xx answer or broken
connection, takes jobs after SIGTERM that it never runs, and dies of a job without an id. The parts that do so are
replaced here through names of its that are not public; so its version is pinned, and a test compares the sources of
what is replaced with those this file was written against. What no worker can mend is in docs/deploy.md.
"""

from __future__ import annotations

import asyncio
import ctypes
import json
import logging
import os
import signal
import sys
import time
import types
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import aiohttp

logger = logging.getLogger(__name__)

SDK_VERSION = "1.12.0"
TAKE_DEADLINE_SEC = 90
"""Longest that one poll for jobs is held open."""
LAST_ANSWER_SEC = 1.0
"""A job may be on its way already when the worker is told to leave: so long it is waited for, and then run."""
FIRST_WAIT_SEC = 0.5
LONGEST_WAIT_SEC = 15.0
"""Between polls while the platform is down, and between tries to deliver; doubled from try to try."""
DELIVERY_SEC = 300
"""How long a result is posted again and again; the platform keeps a job waiting for minutes."""
POST_DEADLINE_SEC = 60
PR_SET_PDEATHSIG = 1
"""prctl(2): the signal a process gets when its parent dies."""
STREAM_LIMIT_BYTES = 1_000_000
"""Most that the platform takes in one piece of a stream."""


def _import_sdk() -> types.ModuleType:
    """The SDK, without the CPU probe of its import: py-cpuinfo takes a second for a figure of the debugger."""
    probe = types.ModuleType("cpuinfo")
    probe.get_cpu_info = lambda: {"brand_raw": "not probed"}  # type: ignore[attr-defined]
    sys.modules.setdefault("cpuinfo", probe)
    import runpod

    module: types.ModuleType = runpod
    return module


runpod = _import_sdk()

from runpod.http_client import AsyncClientSession, TooManyRequests  # noqa: E402 - after the probe is out of the way
from runpod.serverless.modules import rp_http, rp_ping, rp_scale  # noqa: E402
from runpod.serverless.modules.rp_logger import RunPodLogger  # noqa: E402

_ping = rp_ping.Heartbeat.process_loop


def _ping_while_the_worker_lives(*arguments: Any) -> None:
    """The SDK's ping process, which would otherwise go on telling that a worker is well after it was killed."""
    parent = os.getppid()
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() == parent:
        _ping(*arguments)


class JobLoop(rp_scale.JobScaler):  # type: ignore[misc]  # the SDK ships no types
    """Takes jobs as slots come free, and runs each as a task of its own."""

    stopped: Callable[[str], None] = staticmethod(lambda _job_id: None)
    """Told the id of a job the platform takes back."""

    def __init__(self, config: dict[str, Any]) -> None:
        super().__init__(config)
        self._slots: int = config["concurrency_modifier"](1)
        self._slot_freed = asyncio.Event()
        self._running: set[asyncio.Task[None]] = set()
        self._taking: asyncio.Task[None] | None = None
        self._drained = asyncio.Event()

    async def get_jobs(self, session: aiohttp.ClientSession) -> None:
        """Polls for jobs while a slot is free; told to leave, sees those in hand to their end."""
        self._taking = asyncio.create_task(self._take_jobs(session))
        await asyncio.wait([self._taking])
        while self._running:
            await asyncio.wait(self._running)
        self._drained.set()
        if not self._taking.cancelled():
            self._taking.result()  # raises what ended the polling, if not this worker's leaving

    async def run_jobs(self, session: aiohttp.ClientSession) -> None:
        """Nothing: jobs are started where they are taken."""

    async def monitor_stop_signals(self, session: aiohttp.ClientSession) -> None:
        """As the SDK's, but until the last job is done, and no longer."""
        monitoring = asyncio.create_task(super().monitor_stop_signals(session))
        await self._drained.wait()
        monitoring.cancel()

    async def stop_job(self, job_id: str) -> bool:
        """Cancels the task of a job, and tells the engine, which no task can interrupt."""
        self.stopped(job_id)
        stopped: bool = await super().stop_job(job_id)
        return stopped

    def kill_worker(self) -> None:
        """Leaves: the open poll is dropped after LAST_ANSWER_SEC, jobs in hand are finished."""
        super().kill_worker()
        if taking := self._taking:
            loop = taking.get_loop()
            loop.call_soon_threadsafe(lambda: loop.call_later(LAST_ANSWER_SEC, taking.cancel))

    async def _take_jobs(self, session: aiohttp.ClientSession) -> None:
        wait_sec = FIRST_WAIT_SEC
        while self.is_alive():
            free = self._slots - len(self._running)
            if free <= 0:
                self._slot_freed.clear()
                await self._slot_freed.wait()
                continue
            try:
                taken = await asyncio.wait_for(self.jobs_fetcher(session, free), TAKE_DEADLINE_SEC)
            except TooManyRequests:
                await asyncio.sleep(LONGEST_WAIT_SEC)
            except TimeoutError:
                pass  # a poll that brought nothing
            except Exception as error:  # noqa: BLE001 - whatever the platform answers, the worker asks again
                logger.warning("job poll failed: %s", type(error).__name__)
                await asyncio.sleep(wait_sec)
                wait_sec = min(2 * wait_sec, LONGEST_WAIT_SEC)
            else:
                wait_sec = FIRST_WAIT_SEC
                for job in taken or ():
                    self._begin(session, job)

    def _begin(self, session: aiohttp.ClientSession, job: object) -> None:
        """Runs a job, unless it is none, or the same one is in hand already and will be answered."""
        if not isinstance(job, dict) or not isinstance(job.get("id"), str):
            logger.error("the platform sent something that is not a job")
            return
        if job["id"] in self.jobs_tasks:
            logger.warning("the platform sent a job twice")
            return
        job = {"input": None, **job}  # without an input, the service's reply says so
        self.job_progress.add(job["id"])
        self.jobs_queue.put_nowait(job)
        self.jobs_queue.get_nowait()  # `handle_job` counts the queue down
        task = asyncio.create_task(self.handle_job(session, job))
        self.jobs_tasks[job["id"]] = task
        self._running.add(task)
        task.add_done_callback(self._finished)

    def _finished(self, task: asyncio.Task[None]) -> None:
        self._running.discard(task)
        self._slot_freed.set()
        if not task.cancelled() and task.exception():
            logger.error("a job's task failed", exc_info=task.exception())


async def deliver(
    session: aiohttp.ClientSession,
    result: Mapping[str, Any],
    job: Mapping[str, Any],
    url_template: str,
    _log_message: str,
    is_stream: bool = False,
) -> None:
    """Posts a result until it is taken; one that cannot be taken becomes an error the caller sees."""
    url = url_template.replace("$ID", job["id"]) + f"&isStream={'true' if is_stream else 'false'}"
    is_answer = url_template == rp_http.JOB_DONE_URL and result.get("status") != "IN_PROGRESS"
    is_piece = url_template == rp_http.JOB_STREAM_URL
    result = _with_error_object(result)
    try:
        body = json.dumps(result, allow_nan=False)
    except (TypeError, ValueError):
        logger.exception("a result is not JSON")
        body = _failure("internal_error", "the worker's result could not be sent")
    if is_piece and len(body) > STREAM_LIMIT_BYTES:
        return  # a whole reply, which the final report brings
    status = await _posted(session, url, body, job["id"])
    if is_answer and status is not None and 400 <= status < 500:  # noqa: PLR2004 - RFC 9110: the request's own fault
        refused = f"the platform refused the result of {len(body)} bytes with status {status}"
        error = result.get("error")
        body = json.dumps({"error": json.dumps(error)}) if error else _failure("result_refused", refused)
        status = await _posted(session, url, body, job["id"])
    if status is None or status >= 400:  # noqa: PLR2004
        logger.error("delivery failed for good, status %s", status)


def _with_error_object(result: Mapping[str, Any]) -> Mapping[str, Any]:
    """The result with its error as an object, as which handlers give it and the SDK's generators do not keep it."""
    error = result.get("error")
    try:
        detail = json.loads(error) if isinstance(error, str) else None
    except ValueError:
        return result
    return {**result, "error": detail} if isinstance(detail, dict) else result


def _failure(code: str, message: str) -> str:
    detail = {"code": code, "message": message, "retryable": False}
    return json.dumps({"error": json.dumps(detail)})


async def tell_progress(job_id: str, progress: Mapping[str, Any]) -> bool:
    """Posts how far a job is, in one try; whether the platform took it.

    It goes where the result will go, and would replace it: it is called before the result is there, and over
    before that is posted. Its connection is its own, and ends with it, so that nothing of it comes later.
    """
    if "://" not in rp_http.JOB_DONE_URL:
        return True  # the SDK's development server, which answers nobody before a job is done
    url = rp_http.JOB_DONE_URL.replace("$ID", job_id) + "&isStream=false"
    body = json.dumps({"status": "IN_PROGRESS", "output": progress}, allow_nan=False)
    try:
        async with AsyncClientSession() as session:
            return await _status(session, url, body, job_id) < 400  # noqa: PLR2004 - RFC 9110: from here on, errors
    except (aiohttp.ClientError, OSError):
        return False


async def _posted(session: aiohttp.ClientSession, url: str, body: str, job_id: str) -> int | None:
    """The status of the first answer that is not worth another try; None where there was no answer."""
    wait_sec, status = FIRST_WAIT_SEC, None
    give_up_sec = time.monotonic() + DELIVERY_SEC
    while True:
        try:
            status = await _status(session, url, body, job_id)
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            logger.warning("delivery failed: %s", type(error).__name__)
        else:
            if status < 500 and status != 429:  # noqa: PLR2004 - the server's faults, and "too many requests"
                return status
            logger.warning("delivery failed: status %s", status)
        if time.monotonic() + wait_sec > give_up_sec:
            return status
        await asyncio.sleep(wait_sec)
        wait_sec = min(2 * wait_sec, LONGEST_WAIT_SEC)


async def _status(session: aiohttp.ClientSession, url: str, body: str, job_id: str) -> int:
    headers = {"charset": "utf-8", "Content-Type": "application/x-www-form-urlencoded", "X-Request-ID": job_id}
    deadline = aiohttp.ClientTimeout(total=POST_DEADLINE_SEC)
    async with session.post(url, data=body, headers=headers, timeout=deadline) as answer:
        await answer.read()
        return answer.status


def serve(
    config: dict[str, Any],
    *,
    fitness: Iterable[Callable[[], None]],
    stopped: Callable[[str], None],
    log_level: str,
) -> None:
    """Runs the SDK with `config` until the platform ends the worker.

    Every function of `fitness` has to return before the first job is taken. `stopped` hears the id of each job that
    the platform takes back. Setting `config["refresh_worker"]` asks for another worker: the job at hand is answered
    and says so, no more are taken, and the rest in hand are finished.
    """
    for check in fitness:
        runpod.serverless.register_fitness_check(check)
    # At its default level, DEBUG, the SDK prints what handlers return.
    RunPodLogger().set_level("INFO" if log_level == "DEBUG" else log_level)
    JobLoop.stopped = staticmethod(stopped)
    rp_scale.JobScaler = JobLoop
    rp_ping.Heartbeat.process_loop = staticmethod(_ping_while_the_worker_lives)
    rp_http._handle_result = deliver  # noqa: SLF001
    runpod.serverless.start(config)
