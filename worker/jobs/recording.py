"""Recording: a performance becomes a file where the caller wants it, or a stream, and a reply."""

from __future__ import annotations

import json
import logging
from collections.abc import Generator, Mapping
from datetime import UTC, date, datetime
from functools import partial

from worker import __version__
from worker.audio.encode import encode_file, encoded
from worker.delivery.choose import OpenSink, deliveries
from worker.delivery.s3.connection import Connection
from worker.delivery.s3.key import object_key
from worker.delivery.s3.target import target_of_job
from worker.delivery.s3.upload import open_upload
from worker.delivery.sink import Sink
from worker.errors import DeliveryFailed, PayloadTooLarge
from worker.jobs.context import Job, Worker
from worker.jobs.performance import Performance
from worker.jobs.plan import Plan
from worker.jobs.speech import Heard
from worker.reply import SpeechReply
from worker.request import AudioFormat

SMALLER: Mapping[AudioFormat, AudioFormat] = {"wav": "mp3", "pcm": "mp3", "flac": "mp3", "mp3": "opus", "ogg": "opus"}
"""What to take instead of a format that is too large."""

logger = logging.getLogger(__name__)


def recorded(performance: Performance, job: Job, worker: Worker) -> SpeechReply:
    """The reply to a recording that has been delivered.

    Raises:
        PayloadTooLarge, DeliveryFailed, DeliveryUnavailable, InvalidS3Config: it could not be.
        EngineFailed, AudioTooLong, Cancelled: it could not be made.

    """
    while True:
        plan = performance.plan
        try:
            return _delivered(performance, _ways(plan, job, worker), job, worker)
        except PayloadTooLarge:
            if not plan.request.allow_downgrade or plan.format_name not in SMALLER:
                raise
            performance = performance.in_format(SMALLER[plan.format_name])


def streamed(performance: Performance, job: Job, worker: Worker) -> Generator[bytes, None, SpeechReply]:
    """The file's bytes as they are made; returns the reply, which has no audio.

    Raises:
        EngineFailed, AudioTooLong, Cancelled: it could not be made to its end.

    """
    plan, heard, size_bytes = performance.plan, Heard(), 0
    clips = performance.speak(job, worker, heard=heard)
    pieces = encoded(clips, plan.format_name, sample_rate=plan.sample_rate, max_frames=performance.max_frames(worker))
    for piece in job.stopwatch.timed("all", pieces):
        size_bytes += len(piece)
        yield piece
    encode_sec = job.stopwatch.spent_sec("all") - job.stopwatch.spent_sec("synth")
    return performance.tell(plan, heard, job, worker, size_bytes=size_bytes, encode_sec=encode_sec)


def _ways(plan: Plan, job: Job, worker: Worker) -> list[OpenSink]:
    choice = plan.request.delivery
    return deliveries(
        choice,
        job_id=job.id,
        extension=plan.format.extension,
        volume_dir=worker.settings.volume_dir,
        open_s3=_bucket(plan, job, worker) if choice in ("auto", "s3") else None,
    )


def _bucket(plan: Plan, job: Job, worker: Worker) -> OpenSink | None:
    """A way to the job's own bucket, else to the worker's, if there is one."""
    connection = bucket_of(job, worker)
    if connection is None:
        return None
    key = key_of(plan, job, worker, suffix=plan.format.extension, day=datetime.now(UTC).date())
    return partial(open_upload, connection, key, content_type=plan.format.content_type, metadata=metadata_of(plan))


def bucket_of(job: Job, worker: Worker) -> Connection | None:
    """The job's own bucket, else the worker's, if there is one.

    Raises:
        InvalidS3Config, DeliveryFailed: the job describes one that cannot be used.

    """
    if job.s3_config is None:
        return worker.bucket
    return Connection(target_of_job(job.s3_config, worker.settings))


def key_of(plan: Plan, job: Job, worker: Worker, *, suffix: str, day: date) -> str:
    """Where a file of the job lies; the suffix, with its extension, tells the files of one job apart."""
    template = worker.settings.s3_key_template
    if "{extension}" not in template and suffix != plan.format.extension:
        template += "{extension}"
    return object_key(
        template,
        worker.settings.s3_prefix,
        job_id=job.id,
        digest=plan.digest,
        extension=suffix,
        voice=plan.casting.name,
        day=day,
    )


def metadata_of(plan: Plan) -> dict[str, str]:
    """What a store keeps beside the file."""
    return {"seed": str(plan.seed), "engine": plan.casting.engine.name, "worker": __version__}


def _delivered(performance: Performance, ways: list[OpenSink], job: Job, worker: Worker) -> SpeechReply:
    """The reply by the first way that works; the recording is made anew for each, for it is never held whole."""
    warnings: tuple[str, ...] = ()
    *spare, last = ways
    for open_sink in spare:
        try:
            return _recorded(performance, open_sink(), job, worker, warnings)
        except DeliveryFailed as error:
            logger.warning("delivery failed, trying the next way", exc_info=error)
            warnings = (*warnings, f"{error}; delivered another way")
    return _recorded(performance, last(), job, worker, warnings)


def _recorded(performance: Performance, sink: Sink, job: Job, worker: Worker, warnings: tuple[str, ...]) -> SpeechReply:
    plan, heard, began_sec = performance.plan, Heard(), job.stopwatch.elapsed_sec
    synth_before_sec = job.stopwatch.spent_sec("synth")
    try:
        file = encode_file(
            performance.speak(job, worker, heard=heard),
            plan.format_name,
            sample_rate=plan.sample_rate,
            into=sink,
            max_frames=performance.max_frames(worker),
        )
        synth_sec = job.stopwatch.spent_sec("synth") - synth_before_sec
        encode_sec = job.stopwatch.elapsed_sec - began_sec - synth_sec
        reply = performance.tell(
            plan, heard, job, worker, size_bytes=file.size_bytes, encode_sec=encode_sec, warnings=warnings
        )
        destination = sink.finish(rest_bytes=len(json.dumps(reply.model_dump(mode="json"))))
    except BaseException:
        sink.abort()
        raise
    return reply.model_copy(update=dict(destination))
