"""The report on a recording: a reply that says everything but where the audio is."""

from __future__ import annotations

from worker.jobs.context import Job, Worker
from worker.jobs.plan import Plan
from worker.jobs.speech import Heard, Placed
from worker.reply import JobMetrics, SpeechReply, UtteranceReply
from worker.request import SpokenRequest
from worker.text.captions import Cue, captions


def report(
    plan: Plan,
    heard: Heard,
    job: Job,
    worker: Worker,
    *,
    size_bytes: int,
    encode_sec: float,
    warnings: tuple[str, ...] = (),
) -> SpeechReply:
    """What was made of `plan`."""
    casting = plan.casting
    return SpeechReply(
        format=plan.format_name,
        content_type=plan.format.content_type,
        sample_rate=plan.sample_rate,
        duration_sec=round(heard.duration_sec, 3),
        size_bytes=size_bytes,
        engine=casting.engine.name,
        voice=casting.name,
        language=casting.direction.language,
        seed=plan.seed,
        watermark=casting.engine.capabilities.watermark,
        degraded=False,
        utterances=tuple(_utterance(placed) for placed in heard.placed),
        warnings=(*plan.warnings, *_cut_short(heard), *warnings),
        captions=_captions(plan, heard),
        voice_embedding=plan.voice_embedding,
        metrics=_metrics(heard, job, worker, encode_sec),
    )


def _utterance(placed: Placed) -> UtteranceReply:
    said = bool(placed.utterance.text)
    return UtteranceReply(
        start=placed.utterance.start if said else None,
        end=placed.utterance.end if said else None,
        start_sec=round(placed.start_sec, 3),
        end_sec=round(placed.end_sec, 3),
        seed=placed.verdict.seed,
        engine=placed.verdict.engine,
        attempts=placed.verdict.attempts,
        verdict="ok" if placed.verdict.end == "complete" else placed.verdict.end,
    )


def _cut_short(heard: Heard) -> tuple[str, ...]:
    """Which utterances may lack their end."""
    return tuple(
        f"utterance {placed.utterance.index}, characters {placed.utterance.start} to {placed.utterance.end}, reached "
        "the longest audio the engine makes at once and may be cut short: send a smaller chunk_size"
        for placed in heard.placed
        if placed.verdict.end == "token_limit"
    )


def _captions(plan: Plan, heard: Heard) -> str | None:
    request = plan.request
    if not isinstance(request, SpokenRequest) or request.captions == "none":
        return None
    cues = (
        Cue(
            start_sec=placed.start_sec,
            end_sec=placed.end_sec,
            text=request.text[placed.utterance.start : placed.utterance.end],
            words=placed.words,
        )
        for placed in heard.placed
    )
    return captions(cues, request.captions)


def _metrics(heard: Heard, job: Job, worker: Worker, encode_sec: float) -> JobMetrics:
    synth_sec, first_sec = job.stopwatch.spent_sec("synth"), job.stopwatch.first_audio_sec
    heard_sec = heard.duration_sec
    return JobMetrics(
        queue_sec=round(job.queue_sec, 6),
        load_sec=round(worker.engines.load_sec, 6),
        synth_sec=round(synth_sec, 6),
        encode_sec=round(encode_sec, 6),
        rtf=round((synth_sec + encode_sec) / heard_sec, 6) if heard_sec else None,
        ttfa_sec=None if first_sec is None else round(first_sec, 6),
        cache_hits=0,
    )
