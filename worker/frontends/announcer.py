"""The announcer: tells the platform how far a job is, in order, and never after the job's reply."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from types import TracebackType
from typing import Any, Self

from worker.jobs.progress import Progress, ProgressReport

TOLD_WITHIN_SEC = 5.0
"""How long the platform may take to answer a report, and so the longest that one holds up a reply."""
QUIET_SEC = 60.0
"""After a report that failed: what may still be on its way is not to arrive after the next, nor to be added to."""

logger = logging.getLogger(__name__)

Tell = Callable[[str, dict[str, Any]], Awaitable[bool]]
"""Tells the platform, in one try, how far the job with that id is; whether it took it."""


class Announcer:
    """Tells the reports of one job one after the other, the latest of those that wait; none once it is left.

    Leaving it waits for the one on its way, no longer than TOLD_WITHIN_SEC after that left; a job that was cancelled
    has no reply that it could overtake, and drops it. It belongs to one event loop.
    """

    def __init__(self, job_id: str, tell: Tell | None, *, every_sec: float) -> None:
        """Without `tell`, or every 0 seconds, it says nothing."""
        self._job_id = job_id
        self._tell = tell
        self._every_sec = every_sec
        self._latest: ProgressReport | None = None
        self._telling: asyncio.Task[None] | None = None
        self._quiet_until_sec = 0.0
        self._closed = False

    def progress(self) -> Progress:
        """The progress of the job, for the thread that works on it."""
        if self._tell is None or not self._every_sec:
            return Progress()
        loop = asyncio.get_running_loop()
        return Progress(lambda report: loop.call_soon_threadsafe(self.announce, report), every_sec=self._every_sec)

    def announce(self, report: ProgressReport) -> None:
        """Tells of the report soon, unless the reply will be there before another would be."""
        if self._tell is None or self._closed or time.monotonic() < self._quiet_until_sec:
            return
        if report.remaining_sec is not None and report.remaining_sec < self._every_sec:
            return
        self._latest = report
        if self._telling is None or self._telling.done():
            self._telling = asyncio.create_task(self._tell_latest(self._tell))

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._closed, self._latest = True, None
        if self._telling is None:
            return
        if kind is not None and not issubclass(kind, Exception):  # cancelled or closed: no reply follows
            self._telling.cancel()
        try:
            await asyncio.wait([self._telling])
        finally:
            self._telling.cancel()

    async def _tell_latest(self, tell: Tell) -> None:
        while (report := self._latest) is not None:
            self._latest = None
            try:
                taken = await asyncio.wait_for(tell(self._job_id, event_of(report)), TOLD_WITHIN_SEC)
            except TimeoutError:
                taken = False
            if not taken:
                logger.warning("the platform did not take a report of progress")
                self._latest, self._quiet_until_sec = None, time.monotonic() + QUIET_SEC


def event_of(report: ProgressReport) -> dict[str, Any]:
    """The report as the caller sees it, without what is not known."""
    known = {name: figure for name, figure in asdict(report).items() if figure is not None}
    rounded = {name: round(figure, 3) if isinstance(figure, float) else figure for name, figure in known.items()}
    return {"type": "progress", **rounded}
