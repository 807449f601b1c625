"""The synthesis job: text to one recording in one reply."""

from __future__ import annotations

import json
import secrets

from worker.audio.formats import FORMATS, nearest_rate
from worker.delivery.choose import Delivery
from worker.errors import TextTooLong
from worker.jobs.casting import Casting, cast
from worker.jobs.context import Job, Worker
from worker.jobs.speech import Placed, Recording, record, utterances
from worker.reply import JobMetrics, SpeechReply, UtteranceReply
from worker.request import LARGEST_SEED, SynthesisRequest
from worker.text.captions import Cue, captions
from worker.text.normalise import normalise
from worker.text.passages import passages

PCM_SAMPLE_RATE = 24_000
"""Hertz of headerless audio unless the caller says otherwise; OpenAI's clients assume it."""


def run(request: SynthesisRequest, job: Job, worker: Worker) -> SpeechReply:
    """Speaks the text and delivers the recording."""
    delivery = Delivery(choice=request.delivery, job_id=job.id, volume_dir=worker.settings.volume_dir)
    delivery.check()
    _check_length(request.text, worker.settings.max_text_chars)
    casting = cast(request, worker)
    limit_chars = min(casting.engine.capabilities.max_chars, 2 * request.chunk_size)
    script = passages(
        request.text,
        language=casting.language,
        target_chars=min(request.chunk_size, limit_chars),
        limit_chars=limit_chars,
        normalise=normalise if request.normalize else _as_it_stands,
    )
    seed = request.seed if request.seed and request.seed > 0 else secrets.randbelow(LARGEST_SEED) + 1
    sample_rate = _sample_rate(request, casting)
    recording = record(
        utterances(script, casting, seed),
        casting,
        job,
        worker,
        audio_format=request.response_format,
        sample_rate=sample_rate,
    )
    reply = _reply(request, casting, recording, job, worker, seed=seed, sample_rate=sample_rate)
    destination = delivery.deliver(
        recording.audio,
        extension=FORMATS[request.response_format].extension,
        rest_bytes=len(json.dumps(reply.model_dump(mode="json"))),
    )
    return reply.model_copy(update=dict(destination))


def _check_length(text: str, limit_chars: int) -> None:
    if len(text) > limit_chars:
        raise TextTooLong(
            f"the text has {len(text)} characters and this worker speaks {limit_chars} in one request: "
            "split it over several",
            field="text",
        )


def _sample_rate(request: SynthesisRequest, casting: Casting) -> int:
    """The rate asked for, else the engine's, moved to one the format has."""
    default = PCM_SAMPLE_RATE if request.response_format == "pcm" else casting.engine.sample_rate
    return nearest_rate(request.response_format, request.sample_rate or default)


def _as_it_stands(text: str, language: str) -> str:  # noqa: ARG001 - the shape of `normalise`
    return " ".join(text.split())


def _reply(
    request: SynthesisRequest,
    casting: Casting,
    recording: Recording,
    job: Job,
    worker: Worker,
    *,
    seed: int,
    sample_rate: int,
) -> SpeechReply:
    """The reply, but for where the audio is."""
    warnings = list(casting.warnings)
    if request.sample_rate and request.sample_rate != sample_rate:
        warnings.append(f"{request.response_format} has no {request.sample_rate} Hz; {sample_rate} Hz was used")
    return SpeechReply(
        format=request.response_format,
        content_type=FORMATS[request.response_format].content_type,
        sample_rate=sample_rate,
        duration_sec=round(recording.duration_sec, 3),
        size_bytes=len(recording.audio),
        engine=casting.engine.name,
        voice=casting.name,
        language=casting.language,
        seed=seed,
        degraded=False,
        utterances=tuple(_utterance(placed) for placed in recording.placed),
        warnings=tuple(warnings),
        captions=_captions(request, recording),
        metrics=_metrics(recording, job, worker),
    )


def _utterance(placed: Placed) -> UtteranceReply:
    return UtteranceReply(
        start=placed.utterance.start,
        end=placed.utterance.end,
        start_sec=round(placed.start_sec, 3),
        end_sec=round(placed.end_sec, 3),
        seed=placed.verdict.seed,
        engine=placed.verdict.engine,
        attempts=placed.verdict.attempts,
        verdict="ok",
    )


def _captions(request: SynthesisRequest, recording: Recording) -> str | None:
    if request.captions == "none":
        return None
    cues = (
        Cue(
            start_sec=placed.start_sec,
            end_sec=placed.end_sec,
            text=request.text[placed.utterance.start : placed.utterance.end],
            words=placed.words,
        )
        for placed in recording.placed
    )
    return captions(cues, request.captions)


def _metrics(recording: Recording, job: Job, worker: Worker) -> JobMetrics:
    worked_sec, heard_sec = recording.synth_sec + recording.encode_sec, recording.duration_sec
    first_sec = job.stopwatch.first_audio_sec
    return JobMetrics(
        queue_sec=round(job.queue_sec, 6),
        load_sec=round(worker.engines.load_sec, 6),
        synth_sec=round(recording.synth_sec, 6),
        encode_sec=round(recording.encode_sec, 6),
        rtf=round(worked_sec / heard_sec, 6) if heard_sec else None,
        ttfa_sec=None if first_sec is None else round(first_sec, 6),
        cache_hits=0,
    )
