"""The route of one job: parse, run, reply; and the one place where exceptions become replies."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import Any

from voice_library.errors import VoiceLibraryError
from worker.errors import WorkerError, WorkerFault
from worker.jobs import health, synthesis, voices
from worker.jobs.context import Job, Worker
from worker.logs import event, job_context
from worker.reply import ErrorDetail, ErrorReply, Reply, SpeechReply
from worker.request import parse

JOBS: Mapping[str, Callable[[Any, Job, Worker], Reply]] = {
    "synthesis": synthesis.run,
    "voices": voices.run,
    "health": health.run,
}

logger = logging.getLogger(__name__)


class Service:
    """Answers jobs, from any number of threads."""

    def __init__(self, worker: Worker) -> None:
        self.worker = worker

    def run(self, job: Job, given: object) -> Reply:
        """The reply to a job whose `input` is `given`; raises nothing."""
        with job_context(job.id):
            reply = self._answer(job, given)
            self._account(job, reply)
            return reply

    def close(self) -> None:
        """Frees the engines."""
        self.worker.engines.close()

    def _answer(self, job: Job, given: object) -> Reply:
        try:
            request = parse(given)
            job.cancellation.stop_if_cancelled()
            return JOBS[request.type](request, job, self.worker)
        except WorkerError as error:
            return error_reply(error)
        except VoiceLibraryError as error:
            return ErrorReply(error=ErrorDetail(code=error.code, message=str(error), retryable=False))
        except Exception:
            logger.exception("job failed")
            return error_reply(WorkerFault("the worker failed on this job; its log has the reason"))

    def _account(self, job: Job, reply: Reply) -> None:
        outcome = reply.error.code if isinstance(reply, ErrorReply) else "ok"
        audio_sec = reply.duration_sec if isinstance(reply, SpeechReply) else 0.0
        took_sec = job.stopwatch.elapsed_sec
        self.worker.tally.count(outcome, duration_sec=took_sec, audio_sec=audio_sec)
        event(logger, "job done", outcome=outcome, took_sec=round(took_sec, 3), audio_sec=audio_sec)


def error_reply(error: WorkerError) -> ErrorReply:
    """The reply that says what `error` says."""
    return ErrorReply(
        error=ErrorDetail(code=error.code, message=str(error), field=error.field, retryable=error.retryable)
    )
