"""The RunPod stream: replies as audio is made."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import closing
from functools import partial
from typing import Any

from worker.frontends.floor import Floor
from worker.frontends.pipe import Pipe
from worker.jobs.context import Job
from worker.reply import AudioPiece, ErrorReply, Reply
from worker.service import Service


class Stream:
    """Sends a job's audio in numbered pieces and then its reply, or the reply alone."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self.floor = Floor(service.worker.settings.lanes)

    async def handle(self, job: Mapping[str, Any]) -> AsyncIterator[dict[str, Any]]:
        """The events of a job; nothing is held while one of them is sent."""
        pipe = Pipe(asyncio.get_running_loop())
        making = asyncio.create_task(self.floor.run(job, partial(self._make, pipe, job.get("input"))))
        pieces = 0
        try:
            while isinstance(answer := await pipe.get(), bytes):
                audio = base64.b64encode(answer).decode("ascii")
                event = AudioPiece(index=pieces, audio_base64=audio).model_dump()
                yield event
                # The SDK keeps the event for its final report, which could not carry all the audio again.
                del event["audio_base64"]
                pieces += 1
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
