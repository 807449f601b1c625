"""The rival: plain handlers on the unchanged SDK, written as its documentation shows them.

Where a handler makes speech, it does so with this worker's own service, so that only what lies between the platform
and the service differs.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import time
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

import runpod

if TYPE_CHECKING:
    from worker.service import Service

Input = Mapping[str, Any]
"""A job as the SDK hands it over."""


def sleeping() -> Callable[..., Any]:
    """A handler that does nothing else."""

    def handle(job: Input) -> dict[str, Any]:
        time.sleep(job["input"]["sleep_sec"])
        return {"slept": True}

    return handle


def sleeping_in_turn() -> Callable[..., Any]:
    """The same for several slots and one lane: a job is taken early and waits here for its turn."""
    lane = asyncio.Lock()

    async def handle(job: Input) -> dict[str, Any]:
        async with lane:
            await asyncio.sleep(job["input"]["sleep_sec"])
        return {"slept": True}

    return handle


def speaking() -> Callable[..., Any]:
    """One reply per job."""
    from worker.jobs.context import Job

    service = _service()

    def handle(job: Input) -> dict[str, Any]:
        return service.run(Job(id=job["id"]), job["input"]).model_dump(mode="json", exclude_none=True)

    return handle


def streaming() -> Callable[..., Any]:
    """Audio as it is made, and then the reply."""
    from worker.jobs.context import Job

    service = _service()

    def handle(job: Input) -> Iterator[dict[str, Any]]:
        for answer in service.stream(Job(id=job["id"]), job["input"]):
            if isinstance(answer, bytes):
                yield {"audio_base64": base64.b64encode(answer).decode("ascii")}
            else:
                yield answer.model_dump(mode="json", exclude_none=True)

    return handle


def _service() -> Service:
    """Imported here, for the sleeping handlers show what the SDK costs alone."""
    from worker.jobs.context import Worker
    from worker.service import Service
    from worker.settings import Settings

    return Service(Worker.load(Settings()))


HANDLERS = {each.__name__: each for each in (sleeping, sleeping_in_turn, speaking, streaming)}

if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("handler", choices=HANDLERS)
    parser.add_argument("--slots", type=int, default=1)
    options = parser.parse_args()
    runpod.serverless.start(
        {
            "handler": HANDLERS[options.handler](),
            "concurrency_modifier": lambda _current: options.slots,
            "return_aggregate_stream": True,  # without it, /run and /runsync give nothing of a stream
        }
    )
