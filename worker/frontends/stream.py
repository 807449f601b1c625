"""The RunPod stream: replies as audio is made."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import closing
from functools import partial
from typing import Any

from worker.frontends.announcer import Announcer, Tell, event_of
from worker.frontends.floor import Floor
from worker.frontends.pipe import Pipe
from worker.jobs.context import Job
from worker.jobs.progress import EVERY_SEC, Progress, ProgressReport
from worker.reply import AudioPiece, ErrorReply, Reply
from worker.service import Service


class Stream:
    """Sends a job's audio in numbered pieces and then its reply, or the reply alone; and how far a long one is."""

    def __init__(self, service: Service, *, tell: Tell | None = None, progress_sec: float = EVERY_SEC) -> None:
        """Every `progress_sec`, those who read a stream hear how far it is; of a job without one, `tell` does."""
        self._service = service
        self._tell = tell
        self._progress_sec = progress_sec
        self.floor = Floor(service.worker.settings.lanes)

    async def handle(self, job: Mapping[str, Any]) -> AsyncIterator[dict[str, Any]]:
        """The events of a job; nothing is held while one of them is sent."""
        pipe = Pipe(asyncio.get_running_loop())
        progress = Progress(pipe.report if self._progress_sec else None, every_sec=self._progress_sec)
        making = asyncio.create_task(self.floor.run(job, partial(self._make, pipe, job.get("input")), progress))
        pieces = 0
        try:
            async with Announcer(str(job.get("id")), self._tell, every_sec=self._progress_sec) as announcer:
                while isinstance(answer := await pipe.get(), bytes | ProgressReport):
                    if isinstance(answer, bytes):
                        audio = base64.b64encode(answer).decode("ascii")
                        event = AudioPiece(index=pieces, audio_base64=audio).model_dump()
                        pieces += 1
                    elif pieces:
                        event = event_of(answer)
                    else:
                        announcer.announce(answer)
                        continue
                    yield event
                    # The SDK keeps the event for its final report, which could not carry all the audio again.
                    shorten(event)
            for event in closing_events(answer, pieces):
                yield event
        finally:
            pipe.close()
            making.cancel()

    def _make(self, pipe: Pipe, given: object, job: Job) -> None:
        job.cancellation.on_cancel(pipe.close)
        with closing(self._service.stream(job, given)) as answers:
            for answer in answers:
                if not pipe.put(answer):
                    return


def shorten(event: dict[str, Any]) -> None:
    """Leaves of an event that was sent which one it was."""
    for name in event.keys() - {"type", "index"}:
        del event[name]


def closing_events(reply: Reply, pieces: int) -> Iterator[dict[str, Any]]:
    """The last events of a job: its reply, with the number of pieces before it; an error is told twice.

    Readers of the stream get it as an event of their own, for what the SDK reports of an error reaches the
    job's status alone, and as a string.
    """
    body = reply.model_dump(mode="json", exclude_none=True)
    if isinstance(reply, ErrorReply):
        yield {"type": "failed", "pieces": pieces, "failure": body["error"]}
        yield {"error": json.dumps(body["error"])}
    elif pieces:
        yield {"type": "done", "pieces": pieces, **body}
    else:
        yield body
