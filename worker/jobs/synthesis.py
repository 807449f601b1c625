"""The synthesis job: text to one recording, whole or as it is made."""

from __future__ import annotations

from collections.abc import Generator

from worker.jobs.context import Job, Worker
from worker.jobs.performance import alone
from worker.jobs.plan import plan_of
from worker.jobs.recording import recorded, streamed
from worker.reply import SpeechReply
from worker.request import SynthesisRequest


def run(request: SynthesisRequest, job: Job, worker: Worker) -> SpeechReply:
    """Speaks the text and delivers the recording."""
    return recorded(alone(plan_of(request, job, worker, streams=False)), job, worker)


def stream(request: SynthesisRequest, job: Job, worker: Worker) -> Generator[bytes, None, SpeechReply]:
    """Speaks the text and yields the file's bytes as they are made; returns the reply, which has no audio."""
    return streamed(alone(plan_of(request, job, worker, streams=True)), job, worker)
