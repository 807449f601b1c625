"""The report on a recording: a reply that says everything but where the audio is."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from worker.jobs.cascade import told
from worker.jobs.context import Job, Worker
from worker.jobs.plan import Plan
from worker.jobs.speech import Heard, Placed, Totals
from worker.reply import JobMetrics, SpeechReply, UtteranceReply
from worker.request import SpokenRequest
from worker.takes.understudy import StoodIn
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
    return summary(
        plan,
        heard.totals,
        job,
        worker,
        size_bytes=size_bytes,
        encode_sec=encode_sec,
        utterances=tuple(utterance_reply(placed) for placed in heard.placed),
        warnings=(*_doubts(heard.placed), *warnings),
        captions=_captions(plan, heard),
    )


def summary(
    plan: Plan,
    totals: Totals,
    job: Job,
    worker: Worker,
    *,
    size_bytes: int,
    encode_sec: float,
    utterances: tuple[UtteranceReply, ...],
    warnings: tuple[str, ...],
    captions: str | None = None,
) -> SpeechReply:
    """What was made of `plan`, of whose utterances and captions only those given are told."""
    casting = plan.casting
    return SpeechReply(
        format=plan.format_name,
        content_type=plan.format.content_type,
        sample_rate=plan.sample_rate,
        duration_sec=round(totals.duration_sec, 3),
        size_bytes=size_bytes,
        engine=casting.engine.name,
        voice=casting.name,
        language=casting.direction.language,
        seed=plan.seed,
        watermark=all(worker.engines[name].capabilities.watermark for name in totals.engines or {casting.engine.name}),
        degraded=bool(totals.stood_in),
        utterances=utterances,
        warnings=(*plan.warnings, *told(totals.stood_in), *warnings),
        captions=captions,
        voice_embedding=plan.voice_embedding,
        metrics=_metrics(totals, job, worker, encode_sec),
    )


def utterance_reply(placed: Placed, *, part: int | None = None) -> UtteranceReply:
    """What is told of an utterance, in a reply or a manifest."""
    said, verdict = bool(placed.utterance.text), placed.verdict
    substitution = verdict.substitution if isinstance(verdict, StoodIn) else None
    short = verdict.end if verdict.end != "complete" else None
    return UtteranceReply(
        start=placed.utterance.start if said else None,
        end=placed.utterance.end if said else None,
        start_sec=round(placed.start_sec, 3),
        end_sec=round(placed.end_sec, 3),
        seed=verdict.seed,
        engine=verdict.engine,
        voice=substitution.voice if substitution else None,
        because=substitution.because if substitution else None,
        attempts=verdict.attempts,
        verdict=short or ("failed_checks" if verdict.failed else "ok"),
        failed=verdict.failed or None,
        part=part,
    )


def _doubts(heard: Iterable[Placed]) -> Iterator[str]:
    """What is not as it should be, and where."""
    for placed in heard:
        place = f"utterance {placed.utterance.index}, characters {placed.utterance.start} to {placed.utterance.end},"
        if placed.verdict.end == "token_limit":
            yield (
                f"{place} reached the longest audio the engine makes at once and may be cut short: send a smaller "
                "chunk_size"
            )
        elif placed.verdict.failed:
            attempts, failed = placed.verdict.attempts, ", ".join(placed.verdict.failed)
            best = f"is the best of {attempts} tries, but fails" if attempts > 1 else "fails"
            yield f"{place} {best}: {failed}"


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


def _metrics(totals: Totals, job: Job, worker: Worker, encode_sec: float) -> JobMetrics:
    synth_sec, first_sec = job.stopwatch.spent_sec("synth"), job.stopwatch.first_audio_sec
    heard_sec = totals.duration_sec
    return JobMetrics(
        queue_sec=round(job.queue_sec, 6),
        load_sec=round(worker.engines.load_sec, 6),
        synth_sec=round(synth_sec, 6),
        encode_sec=round(encode_sec, 6),
        rtf=round((synth_sec + encode_sec) / heard_sec, 6) if heard_sec else None,
        ttfa_sec=None if first_sec is None else round(first_sec, 6),
        cache_hits=totals.cache_hits,
        utterances=totals.utterances,
        retries=totals.retries,
    )
