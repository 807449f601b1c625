"""The report on a recording with several speakers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from worker.jobs.context import Job, Worker
from worker.jobs.plan import Plan
from worker.jobs.report import summary, utterance_reply
from worker.jobs.speech import Heard
from worker.jobs.turns import PlacedTurn, Turn
from worker.reply import SpeechReply, UtteranceReply
from worker.request import DialogueRequest, DirectedRequest, SynthesisRequest
from worker.text.captions import Cue, captions


def turns_report(
    turns: Sequence[Turn],
    plan: Plan,
    heard: Heard,
    job: Job,
    worker: Worker,
    *,
    size_bytes: int,
    encode_sec: float,
    warnings: tuple[str, ...] = (),
) -> SpeechReply:
    """What was made of `plan` by `turns`; engines, voices and languages are told in the order they come first."""
    placed = [each for each in heard.placed if isinstance(each, PlacedTurn)]
    castings = [turn.plan.casting for turn in turns]
    reply = summary(
        plan,
        heard.totals,
        job,
        worker,
        size_bytes=size_bytes,
        encode_sec=encode_sec,
        utterances=tuple(map(_utterance, placed)),
        warnings=(*_cut_short(placed), *warnings),
        captions=_captions(plan, placed),
    )
    return reply.model_copy(
        update={
            "engine": _all(casting.engine.name for casting in castings),
            "voice": _all(casting.name for casting in castings),
            "language": _all(casting.direction.language for casting in castings),
        }
    )


def _all(names: Iterator[str]) -> str:
    return ", ".join(dict.fromkeys(names))


def _utterance(placed: PlacedTurn) -> UtteranceReply:
    told = {"segment": placed.turn.segment, "speaker": placed.turn.speaker or None}
    return utterance_reply(placed).model_copy(update=told)


def _cut_short(heard: Sequence[PlacedTurn]) -> Iterator[str]:
    """Which utterances may lack their end."""
    for placed in heard:
        if placed.verdict.end == "token_limit":
            segment = "" if placed.turn.segment is None else f"segment {placed.turn.segment}, "
            yield (
                f"{segment}characters {placed.utterance.start} to {placed.utterance.end} reached the longest audio "
                "the engine makes at once and may be cut short: send a smaller chunk_size"
            )


def _captions(plan: Plan, heard: Sequence[PlacedTurn]) -> str | None:
    request = plan.request
    if not isinstance(request, DirectedRequest) or request.captions == "none":
        return None
    cues = (
        Cue(
            start_sec=placed.start_sec,
            end_sec=placed.end_sec,
            text=_text(request, placed)[placed.utterance.start : placed.utterance.end],
            words=placed.words,
            speaker=placed.turn.speaker,
        )
        for placed in heard
    )
    return captions(cues, request.captions)


def _text(request: DirectedRequest, placed: PlacedTurn) -> str:
    """The text that the span of an utterance lies in."""
    if isinstance(request, DialogueRequest) and placed.turn.segment is not None:
        return request.segments[placed.turn.segment].text
    return request.text if isinstance(request, SynthesisRequest) else ""
