"""The route of one job: parse, run, reply; and the one place where exceptions become replies."""

from __future__ import annotations

import logging
from collections.abc import Callable, Generator, Mapping
from typing import Any

from voice_library.errors import VoiceLibraryError
from worker.errors import Cancelled, OutOfMemory, WorkerError, WorkerFault
from worker.jobs import cloning, conversion, dialogue, health, long_text, tagged, voices
from worker.jobs.context import Job, Worker
from worker.jobs.warming import Warming
from worker.logs import event, job_context
from worker.reply import ErrorDetail, ErrorReply, Reply, SpeechReply
from worker.request import DirectedRequest, parse

JOBS: Mapping[str, Callable[[Any, Job, Worker], Reply]] = {
    "synthesis": tagged.run,
    "cloning": cloning.run,
    "conversion": conversion.run,
    "dialogue": dialogue.run,
    "long_text": long_text.run,
    "voices": voices.run,
    "health": health.run,
}
STREAMS: Mapping[str, Callable[[Any, Job, Worker], Generator[bytes, None, Reply]]] = {
    "synthesis": tagged.stream,
    "cloning": cloning.stream,
    "dialogue": dialogue.stream,
}

logger = logging.getLogger(__name__)


class Service:
    """Answers jobs, from any number of threads; whatever happens, a job gets one reply."""

    def __init__(self, worker: Worker) -> None:
        self.worker = worker
        self._warming = Warming(worker)

    def warm(self) -> None:
        """Begins to make the voices ready that are used most; returns at once."""
        self._warming.start()

    def run(self, job: Job, given: object) -> Reply:
        """The reply to a job whose `input` is `given`."""
        with job_context(job.id):
            return next(answer for answer in self._answers(job, given, streams=False) if not isinstance(answer, bytes))

    def stream(self, job: Job, given: object) -> Generator[bytes | Reply, None, None]:
        """The file's bytes as they are made, where the request asks for that; then the reply. Closing it cancels."""
        return self._answers(job, given, streams=True)

    def close(self) -> None:
        """Frees the engines."""
        self._warming.close()
        self.worker.close()

    def _answers(self, job: Job, given: object, *, streams: bool) -> Generator[bytes | Reply, None, None]:
        reply: Reply | None = None
        try:
            request = parse(given)
            job.cancellation.stop_if_cancelled()
            if streams and isinstance(request, DirectedRequest) and request.stream and request.type in STREAMS:
                reply = yield from STREAMS[request.type](request, job, self.worker)
            else:
                reply = JOBS[request.type](request, job, self.worker)
        except Exception as error:  # noqa: BLE001 - the one place where exceptions become replies
            reply = _reply_to(error)
        finally:
            if reply is None:  # closed before its end
                job.cancellation.cancel()
            self._account(job, reply or error_reply(Cancelled("nobody read on")))
        yield self._with_farewell(reply)

    def _account(self, job: Job, reply: Reply) -> None:
        outcome = reply.error.code if isinstance(reply, ErrorReply) else "ok"
        audio_sec = reply.duration_sec if isinstance(reply, SpeechReply) else 0.0
        took_sec, engine_sec = job.stopwatch.elapsed_sec, job.stopwatch.spent_sec("engine")
        if job.counted:
            self.worker.usage.count(job.cast, self.worker.library)
        self.worker.tally.count(outcome, duration_sec=took_sec, audio_sec=audio_sec)
        event(logger, "job done", outcome=outcome, took_sec=round(took_sec, 3), audio_sec=audio_sec)
        was_well = self.worker.vitals.reason is None
        self.worker.vitals.observe(outcome, faults=job.faults, pace=engine_sec / audio_sec if audio_sec else None)
        if was_well and self.worker.vitals.reason:
            logger.error("this worker asks to be replaced: %s", self.worker.vitals.reason)

    def _with_farewell(self, reply: Reply) -> Reply:
        """The reply, saying so where the worker is about to leave."""
        if self.worker.vitals.reason is None or not isinstance(reply, SpeechReply):
            return reply
        metrics = reply.metrics.model_copy(update={"leaving": self.worker.vitals.reason})
        return reply.model_copy(update={"metrics": metrics})


def _reply_to(error: Exception) -> ErrorReply:
    if isinstance(error, WorkerError):
        return error_reply(error)
    if isinstance(error, VoiceLibraryError):
        return ErrorReply(error=ErrorDetail(code=error.code, message=str(error), retryable=error.retryable))
    logger.error("job failed", exc_info=error)
    if isinstance(error, MemoryError):
        return error_reply(OutOfMemory("the worker ran out of memory on this job; send less text, or try again"))
    return error_reply(WorkerFault("the worker failed on this job; its log has the reason"))


def error_reply(error: WorkerError) -> ErrorReply:
    """The reply that says what `error` says."""
    return ErrorReply(
        error=ErrorDetail(code=error.code, message=str(error), field=error.field, retryable=error.retryable)
    )
