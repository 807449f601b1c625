"""The synthesis job: text to one recording, whole or as it is made."""

from __future__ import annotations

from collections.abc import Generator

from worker.audio.encode import encoded
from worker.jobs.context import Job, Worker
from worker.jobs.plan import plan_of
from worker.jobs.recording import recorded
from worker.jobs.report import report
from worker.jobs.speech import Heard, speech
from worker.reply import SpeechReply
from worker.request import SynthesisRequest


def run(request: SynthesisRequest, job: Job, worker: Worker) -> SpeechReply:
    """Speaks the text and delivers the recording."""
    return recorded(plan_of(request, job, worker, streams=False), job, worker)


def stream(request: SynthesisRequest, job: Job, worker: Worker) -> Generator[bytes, None, SpeechReply]:
    """Speaks the text and yields the file's bytes as they are made; returns the reply, which has no audio."""
    plan, heard = plan_of(request, job, worker, streams=True), Heard()
    pieces = encoded(
        speech(plan.script(), plan.casting, job, worker, heard=heard),
        plan.format_name,
        sample_rate=plan.sample_rate,
        max_frames=round(worker.settings.max_audio_sec * plan.sample_rate),
    )
    size_bytes = 0
    for piece in job.stopwatch.timed("all", pieces):
        size_bytes += len(piece)
        yield piece
    encode_sec = job.stopwatch.spent_sec("all") - job.stopwatch.spent_sec("synth")
    return report(plan, heard, job, worker, size_bytes=size_bytes, encode_sec=encode_sec)
