#!/usr/bin/env python3
# /// script
# dependencies = ["runpod"]
# ///
"""Text to a file with RunPod's own package: starts a job, waits for it, and tells why one failed."""

from __future__ import annotations

import argparse
import base64
import contextlib
import json
import os
import sys
import time
from pathlib import Path
from typing import Any

import runpod  # reads RUNPOD_ENDPOINT_BASE_URL, but not RUNPOD_API_KEY

FINAL = ("COMPLETED", "FAILED", "CANCELLED", "TIMED_OUT")
POLL_SEC = 0.5


def main() -> None:
    """Speaks what the command line says."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("text")
    parser.add_argument("--voice", default="sarah")
    parser.add_argument("--out", type=Path, default=Path("speech.mp3"))
    arguments = parser.parse_args()
    try:
        endpoint = runpod.Endpoint(os.environ["RUNPOD_ENDPOINT_ID"], api_key=os.environ["RUNPOD_API_KEY"])
    except KeyError as missing:
        sys.exit(f"{missing} is not set")
    try:
        reply = answered(endpoint, {"text": arguments.text, "voice": arguments.voice, "delivery": "inline"})
        arguments.out.write_bytes(base64.b64decode(reply["audio_base64"]))
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
