#!/usr/bin/env python3
# /// script
# dependencies = ["requests"]
# ///
"""Audio while it is made: asks for each piece as soon as there is one, and writes it at once.

To hear it meanwhile: `python stream.py "Hello." --out /dev/stdout | ffplay -nodisp -autoexit -`

It calls the platform itself, for `Job.stream()` of RunPod's package waits a second before each piece and never ends
when a job is cancelled.
"""

from __future__ import annotations

import argparse
import base64
import contextlib
import json
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import requests

BASE_URL = os.environ.get("RUNPOD_ENDPOINT_BASE_URL", "https://api.runpod.ai/v2")
FINAL = ("COMPLETED", "FAILED", "CANCELLED", "TIMED_OUT")
POLL_SEC = 0.2


class Endpoint:
    """The platform's HTTP interface to one endpoint."""

    def __init__(self, endpoint_id: str, api_key: str) -> None:
        self._url = f"{BASE_URL}/{endpoint_id}"
        self._session = requests.Session()
        self._session.headers["Authorization"] = f"Bearer {api_key}"

    def run(self, job_input: dict[str, Any]) -> str:
        """The id of a new job."""
        return self._call("POST", "run", json={"input": job_input})["id"]

    def status(self, job_id: str) -> dict[str, Any]:
        """What the platform says of a job."""
        return self._call("GET", f"status/{job_id}")

    def events(self, job_id: str) -> Iterator[dict[str, Any]]:
        """What the worker sends, as it comes, until the job has ended."""
        while True:
            answer = self._call("GET", f"stream/{job_id}")
            chunks = answer.get("stream", [])
            for chunk in chunks:
                yield chunk["output"]
            if not chunks:
                if answer["status"] in FINAL:
                    return
                time.sleep(POLL_SEC)

    def _call(self, method: str, path: str, **body: object) -> dict[str, Any]:
        answer = self._session.request(method, f"{self._url}/{path}", timeout=120, **body)
        answer.raise_for_status()
        return answer.json()


def main() -> None:
    """Speaks what the command line says."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("text")
    parser.add_argument("--voice", default="sarah")
    parser.add_argument("--out", type=Path, default=Path("speech.mp3"))
    arguments = parser.parse_args()
    try:
        endpoint = Endpoint(os.environ["RUNPOD_ENDPOINT_ID"], os.environ["RUNPOD_API_KEY"])
    except KeyError as missing:
        sys.exit(f"{missing} is not set")
    job_input = {"text": arguments.text, "voice": arguments.voice, "stream": True}
    try:
        job_id = endpoint.run(job_input)
        with arguments.out.open("wb") as file:
            for audio in pieces(endpoint, job_id):
                file.write(audio)
                file.flush()
    except OSError as error:  # the network, or the file
        sys.exit(str(error))


def pieces(endpoint: Endpoint, job_id: str) -> Iterator[bytes]:
    """The bytes of the file, piece by piece; ends the program where not all of them come."""
    next_index = 0
    for event in endpoint.events(job_id):
        kind = event.get("type")
        if kind == "audio" and event["index"] == next_index:
            audio = base64.b64decode(event["audio_base64"])
            yield audio
            say(f"piece {next_index}: {len(audio)} bytes")
            next_index += 1
        elif kind == "done" and event["pieces"] == next_index:
            say(f"{event['duration_sec']:.1f} s of audio, voice {event['voice']}")
            return
        elif kind in ("audio", "done"):
            sys.exit(f"piece {next_index} was lost: the file ends before it")
        elif kind == "progress":
            say(f"{100 * event.get('done', 0):.0f} % spoken")
        elif kind == "failed":
            sys.exit(f"{event['failure']['code']}: {event['failure']['message']}")
    sys.exit(reason(endpoint.status(job_id)))


def reason(job: dict[str, Any]) -> str:
    """Why the job ended without a last event: the worker's code and message, or what the platform says of it."""
    if job["status"] == "COMPLETED":
        return "this endpoint sends whole replies: set TTS_FRONTEND=stream there, or use speak.py"
    error = job.get("error")
    with contextlib.suppress(TypeError, ValueError):  # an object already, or words of the platform's
        error = json.loads(error)
    if isinstance(error, dict) and "code" in error:
        return f"{error['code']}: {error['message']}"
    return f"{job['status']}: {error or 'no reason is given'}"


def say(line: str) -> None:
    """Prints where no audio goes."""
    print(line, file=sys.stderr)


if __name__ == "__main__":
    main()
