"""The dialogue job: several speakers, one after another, in one recording."""

from __future__ import annotations

from collections.abc import Generator

from worker.jobs.context import Job, Worker
from worker.jobs.recording import recorded, streamed
from worker.jobs.rehearsal import performance_of
from worker.jobs.roles import segment_roles
from worker.reply import SpeechReply
from worker.request import DialogueRequest


def run(request: DialogueRequest, job: Job, worker: Worker) -> SpeechReply:
    """Speaks the segments and delivers the recording."""
    return recorded(performance_of(request, segment_roles(request), job, worker, streams=False), job, worker)


def stream(request: DialogueRequest, job: Job, worker: Worker) -> Generator[bytes, None, SpeechReply]:
    """Speaks the segments and yields the file's bytes as they are made; returns the reply, which has no audio."""
    return streamed(performance_of(request, segment_roles(request), job, worker, streams=True), job, worker)
