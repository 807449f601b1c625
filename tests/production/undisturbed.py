"""What jobs answer when nothing disturbs them, and what they did answer."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.platform.job import Job, State
from worker.jobs.context import Job as ServiceJob
from worker.reply import SpeechReply
from worker.service import Service

SENTENCE = "One sentence after another, until all of it has been said. "
SPEECH = {"text": SENTENCE * 25, "engine": "espeak", "response_format": "mp3"}
"""About half a second of work, and short enough to take any lane."""


def reply_of(job: Job) -> Mapping[str, Any]:
    """The reply of a completed job, whether its worker streams or not; each repeat of it said the same."""
    assert job.state == State.COMPLETED, (job.state, job.error)
    assert len({result.sha256 for result in job.results}) == 1
    reply = job.output[-1] if isinstance(job.output, list) else job.output
    assert isinstance(reply, dict)
    return reply


def audio_of(job: Job) -> bytes:
    """The audio that a completed job was answered with."""
    reply = reply_of(job)
    if "audio_path" in reply:
        return Path(reply["audio_path"]).read_bytes()
    return base64.b64decode(reply["audio_base64"])


def audio_alone(service: Service, job: Job) -> bytes:
    """The audio of the same job when it is the only one and nothing goes wrong."""
    given = job.request["input"]
    assert isinstance(given, dict)
    reply = service.run(ServiceJob(id=job.id), {**given, "delivery": "inline", "stream": False})
    assert isinstance(reply, SpeechReply)
    assert reply.audio_base64 is not None
    return base64.b64decode(reply.audio_base64)
