"""The synthesis job: text to one recording, whole or as it is made."""

from __future__ import annotations

import json
import logging
from collections.abc import Generator, Mapping

from worker.audio.encode import encode_file, encoded
from worker.delivery.choose import OpenSink, deliveries
from worker.delivery.sink import Sink
from worker.errors import DeliveryFailed, PayloadTooLarge
from worker.jobs.context import Job, Worker
from worker.jobs.plan import Plan, plan_of
from worker.jobs.report import report
from worker.jobs.speech import Heard, speech
from worker.reply import SpeechReply
from worker.request import AudioFormat, SynthesisRequest

SMALLER: Mapping[AudioFormat, AudioFormat] = {"wav": "mp3", "pcm": "mp3", "flac": "mp3", "mp3": "opus", "ogg": "opus"}
"""What to take instead of a format that is too large."""

logger = logging.getLogger(__name__)


def run(request: SynthesisRequest, job: Job, worker: Worker) -> SpeechReply:
    """Speaks the text and delivers the recording."""
    plan = plan_of(request, job, worker)
    while True:
        try:
            return _delivered(plan, _deliveries(plan, job, worker), job, worker)
        except PayloadTooLarge:
            if not request.allow_downgrade or plan.format_name not in SMALLER:
                raise
            plan = plan.in_format(SMALLER[plan.format_name])


def stream(request: SynthesisRequest, job: Job, worker: Worker) -> Generator[bytes, None, SpeechReply]:
    """Speaks the text and yields the file's bytes as they are made; returns the reply, which has no audio."""
    plan, heard = plan_of(request, job, worker), Heard()
    clips = speech(plan.script(), plan.casting, job, worker, heard=heard)
    size_bytes = 0
    for piece in job.stopwatch.timed(
        "all",
        encoded(clips, plan.format_name, sample_rate=plan.sample_rate, max_frames=_max_frames(plan, worker)),
    ):
        size_bytes += len(piece)
        yield piece
    encode_sec = job.stopwatch.spent_sec("all") - job.stopwatch.spent_sec("synth")
    return report(plan, heard, job, worker, size_bytes=size_bytes, encode_sec=encode_sec)


def _deliveries(plan: Plan, job: Job, worker: Worker) -> list[OpenSink]:
    return deliveries(
        plan.request.delivery,
        job_id=job.id,
        extension=plan.format.extension,
        volume_dir=worker.settings.volume_dir,
        open_s3=None,
    )


def _delivered(plan: Plan, ways: list[OpenSink], job: Job, worker: Worker) -> SpeechReply:
    """The reply by the first way that works; a recording is made anew for each, for it is never held whole."""
    warnings: tuple[str, ...] = ()
    *spare, last = ways
    for open_sink in spare:
        try:
            return _recorded(plan, open_sink(), job, worker, warnings)
        except DeliveryFailed as error:
            logger.warning("delivery failed, trying the next way", exc_info=error)
            warnings = (*warnings, f"{error}; delivered another way")
    return _recorded(plan, last(), job, worker, warnings)


def _recorded(plan: Plan, sink: Sink, job: Job, worker: Worker, warnings: tuple[str, ...]) -> SpeechReply:
    heard, began_sec = Heard(), job.stopwatch.elapsed_sec
    synth_before_sec = job.stopwatch.spent_sec("synth")
    try:
        file = encode_file(
            speech(plan.script(), plan.casting, job, worker, heard=heard),
            plan.format_name,
            sample_rate=plan.sample_rate,
            into=sink,
            max_frames=_max_frames(plan, worker),
        )
        synth_sec = job.stopwatch.spent_sec("synth") - synth_before_sec
        encode_sec = job.stopwatch.elapsed_sec - began_sec - synth_sec
        reply = report(plan, heard, job, worker, size_bytes=file.size_bytes, encode_sec=encode_sec, warnings=warnings)
        destination = sink.finish(rest_bytes=len(json.dumps(reply.model_dump(mode="json"))))
    except BaseException:
        sink.abort()
        raise
    return reply.model_copy(update=dict(destination))


def _max_frames(plan: Plan, worker: Worker) -> int:
    return round(worker.settings.max_audio_sec * plan.sample_rate)
