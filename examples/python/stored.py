#!/usr/bin/env python3
# /// script
# dependencies = ["runpod", "requests"]
# ///
"""Audio of any length, stored by the worker: downloads it from S3, or tells where on the endpoint's volume it is."""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import sys
import time
from pathlib import Path
from typing import Any

import requests
import runpod  # reads RUNPOD_ENDPOINT_BASE_URL, but not RUNPOD_API_KEY

FINAL = ("COMPLETED", "FAILED", "CANCELLED", "TIMED_OUT")
POLL_SEC = 0.5
BLOCK_BYTES = 1_000_000


def main() -> None:
    """Speaks what the command line says."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("text")
    parser.add_argument("--voice", default="sarah")
    parser.add_argument("--out", type=Path, default=Path("speech.mp3"))
    parser.add_argument("--delivery", choices=("s3", "volume"), default="s3")
    arguments = parser.parse_args()
    try:
        endpoint = runpod.Endpoint(os.environ["RUNPOD_ENDPOINT_ID"], api_key=os.environ["RUNPOD_API_KEY"])
    except KeyError as missing:
        sys.exit(f"{missing} is not set")
    job_input = {"text": arguments.text, "voice": arguments.voice, "delivery": arguments.delivery}
    try:
        reply = answered(endpoint, job_input)
        if "audio_path" in reply:
            print(f"on the endpoint's volume: {reply['audio_path']}, {reply['duration_sec']:.1f} s of audio")
            return
        download(reply["audio_url"], arguments.out, size_bytes=reply["size_bytes"])
    except (OSError, RuntimeError) as error:  # the network, the file; a key that is not known
        sys.exit(str(error))
    print(f"{arguments.out}: {reply['duration_sec']:.1f} s of audio, voice {reply['voice']}")


def answered(endpoint: runpod.Endpoint, job_input: dict[str, Any]) -> dict[str, Any]:
    """The worker's reply; ends the program where there is none."""
    job = endpoint.run({"input": job_input})
    while (status := job.status()) not in FINAL:
        print(f"job {job.job_id}: {status}")
        time.sleep(POLL_SEC)
    if status != "COMPLETED":
        # `job.output()` is None whatever went wrong; the reason is in the platform's own answer alone.
        sys.exit(reason(endpoint.rp_client.get(f"{endpoint.endpoint_id}/status/{job.job_id}")))
    output = job.output()
    return output[0] if isinstance(output, list) else output  # a list from an endpoint that can stream


def download(url: str, out: Path, *, size_bytes: int) -> None:
    """Writes the file behind a URL that is a secret itself: whoever has it has the audio, so no message shows it."""
    try:
        with requests.get(url, stream=True, timeout=60) as answer, out.open("wb") as file:
            if not answer.ok:
                sys.exit(f"the store answers {answer.status_code} {answer.reason}")
            for block in answer.iter_content(BLOCK_BYTES):
                file.write(block)
    except requests.RequestException as error:
        sys.exit(f"the download failed: {type(error).__name__}")
    if out.stat().st_size != size_bytes:
        sys.exit(f"the download has {out.stat().st_size} bytes and not {size_bytes}")


def reason(job: dict[str, Any]) -> str:
    """Why the job failed: the worker's code and message, or what the platform says of it."""
    error = job.get("error")
    with contextlib.suppress(TypeError, ValueError):  # an object already, or words of the platform's
        error = json.loads(error)
    if isinstance(error, dict) and "code" in error:
        return f"{error['code']}: {error['message']}"
    return f"{job['status']}: {error or 'no reason is given'}"


if __name__ == "__main__":
    main()
