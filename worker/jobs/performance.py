"""A performance: a plan that is spoken and told of in a way of its own, made a file or a stream."""

from __future__ import annotations

import json
import logging
from collections.abc import Generator, Iterator
from dataclasses import dataclass, replace
from typing import Protocol

from worker.audio.clip import Clip
from worker.audio.encode import encode_file, encoded
from worker.delivery.choose import OpenSink
from worker.delivery.sink import Sink
from worker.errors import DeliveryFailed, PayloadTooLarge
from worker.jobs.context import Job, Worker
from worker.jobs.plan import Plan
from worker.jobs.recording import SMALLER, _ways
from worker.jobs.speech import Heard
from worker.reply import SpeechReply

logger = logging.getLogger(__name__)


class Speak(Protocol):
    """The shape of what makes the clips of a plan, and notes them in `heard`."""

    def __call__(self, job: Job, worker: Worker, *, heard: Heard) -> Iterator[Clip]:
        """The clips in order, made as they are read."""


class Tell(Protocol):
    """The shape of `report`."""

    def __call__(
        self,
        plan: Plan,
        heard: Heard,
        job: Job,
        worker: Worker,
        /,
        *,
        size_bytes: int,
        encode_sec: float,
        warnings: tuple[str, ...] = (),
    ) -> SpeechReply:
        """What was made of `plan`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Performance:
    """A plan, what makes its clips, and what tells of them."""

    plan: Plan
    speak: Speak
    tell: Tell

    def max_frames(self, worker: Worker) -> int:
        """The most frames its file may have."""
        return round(worker.settings.max_audio_sec * self.plan.sample_rate)


def recorded(performance: Performance, job: Job, worker: Worker) -> SpeechReply:
    """The reply to a recording that has been delivered; raises as that of a plan alone."""
    while True:
        plan = performance.plan
        try:
            return _delivered(performance, _ways(plan, job, worker), job, worker)
        except PayloadTooLarge:
            if not plan.request.allow_downgrade or plan.format_name not in SMALLER:
                raise
            performance = replace(performance, plan=plan.in_format(SMALLER[plan.format_name]))


def streamed(performance: Performance, job: Job, worker: Worker) -> Generator[bytes, None, SpeechReply]:
    """The file's bytes as they are made; returns the reply, which has no audio; raises as that of a plan alone."""
    plan, heard, size_bytes = performance.plan, Heard(), 0
    clips = performance.speak(job, worker, heard=heard)
    pieces = encoded(clips, plan.format_name, sample_rate=plan.sample_rate, max_frames=performance.max_frames(worker))
    for piece in job.stopwatch.timed("all", pieces):
        size_bytes += len(piece)
        yield piece
    encode_sec = job.stopwatch.spent_sec("all") - job.stopwatch.spent_sec("synth")
    return performance.tell(plan, heard, job, worker, size_bytes=size_bytes, encode_sec=encode_sec)


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
