"""The synthesis job where its text is more than the words of one speaker: voice tags hand over to others."""

from __future__ import annotations

from collections.abc import Generator

from worker.errors import UnsupportedParameter
from worker.jobs import synthesis
from worker.jobs.context import Job, Worker
from worker.jobs.recording import recorded, streamed
from worker.jobs.rehearsal import performance_of
from worker.jobs.roles import tagged_roles
from worker.reply import SpeechReply
from worker.request import SynthesisRequest
from worker.text.voice_tags import has_voice_tags

UNHEEDED = "the text has voice tags, which are read as they stand: send 'voice_tags': true to hand over at them"


def run(request: SynthesisRequest, job: Job, worker: Worker) -> SpeechReply:
    """Speaks the text and delivers the recording."""
    if request.voice_tags:
        return recorded(performance_of(request, tagged_roles(request), job, worker, streams=False), job, worker)
    _check(request)
    return _with_note(request, synthesis.run(request, job, worker))


def stream(request: SynthesisRequest, job: Job, worker: Worker) -> Generator[bytes, None, SpeechReply]:
    """Speaks the text and yields the file's bytes as they are made; returns the reply, which has no audio."""
    if request.voice_tags:
        performance = performance_of(request, tagged_roles(request), job, worker, streams=True)
        return (yield from streamed(performance, job, worker))
    _check(request)
    return _with_note(request, (yield from synthesis.stream(request, job, worker)))


def _check(request: SynthesisRequest) -> None:
    if request.strict and has_voice_tags(request.text):
        raise UnsupportedParameter(UNHEEDED, field="voice_tags")


def _with_note(request: SynthesisRequest, reply: SpeechReply) -> SpeechReply:
    if not has_voice_tags(request.text):
        return reply
    return reply.model_copy(update={"warnings": (*reply.warnings, UNHEEDED)})
