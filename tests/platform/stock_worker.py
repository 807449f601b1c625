"""The smallest worker on the unchanged SDK: the control plane's own check and the rival of the benchmarks.

`--slots N` jobs at once; `--stream` makes the handler a generator, which the SDK decides per worker and not per job.
"""

from __future__ import annotations

import argparse
import asyncio
import os
from collections.abc import AsyncIterator
from typing import Any

import runpod


async def answer(job: dict[str, Any]) -> Any:
    """Does what the input says: `sleep_sec`, `progress`, `then_sleep_sec`, `raise`, `exit`, `size_bytes`, ..."""
    wish = job["input"]
    await asyncio.sleep(wish.get("sleep_sec", 0))
    for step in range(wish.get("progress", 0)):
        runpod.serverless.progress_update(job, step)
    await asyncio.sleep(wish.get("then_sleep_sec", 0))
    if "raise" in wish:
        raise RuntimeError(wish["raise"])
    if "exit" in wish:
        os._exit(wish["exit"])
    output: dict[str, Any] = {"echo": wish.get("echo"), "data": "x" * wish.get("size_bytes", 0)}
    if wish.get("nan"):
        output["number"] = float("nan")
    if wish.get("refresh"):
        output["refresh_worker"] = True
    return output


async def stream(job: dict[str, Any]) -> AsyncIterator[dict[str, Any]]:
    """Yields `chunks` numbered chunks of `size_bytes`, `sleep_sec` apart, then raises if the input says so."""
    wish = job["input"]
    for number in range(wish.get("chunks", 1)):
        yield {"number": number, "data": "x" * wish.get("size_bytes", 0)}
        await asyncio.sleep(wish.get("sleep_sec", 0))
    if "raise" in wish:
        raise RuntimeError(wish["raise"])


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--slots", type=int, default=1)
    parser.add_argument("--stream", action="store_true")
    options, _ = parser.parse_known_args()
    runpod.serverless.start(
        {"handler": stream if options.stream else answer, "concurrency_modifier": lambda _: options.slots}
    )
