"""The conversion job: a recording said again in another voice."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from worker.audio.clip import Clip
from worker.audio.cut import cut
from worker.audio.level import loudness_lufs
from worker.audio.reference import is_silent, judge_source
from worker.engines.base import Submit, Take, Utterance
from worker.errors import AudioTooLong, UnsupportedParameter
from worker.jobs.casting import Casting
from worker.jobs.context import Job, Worker
from worker.jobs.direction import Direction, effects_of
from worker.jobs.performance import alone
from worker.jobs.plan import Plan
from worker.jobs.recording import recorded
from worker.jobs.script import job_seed, utterance_seed
from worker.jobs.sent_audio import digest, recording
from worker.jobs.target import Target, target_of
from worker.reply import SpeechReply
from worker.request import ConversionRequest


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A piece of the source with something to hear, and the silence around it, of which nothing is made."""

    clip: Clip
    lead_sec: float
    pause_sec: float


def run(request: ConversionRequest, job: Job, worker: Worker) -> SpeechReply:
    """Says the recording again and delivers it."""
    return recorded(alone(plan_of(request, job, worker)), job, worker)


def plan_of(request: ConversionRequest, job: Job, worker: Worker) -> Plan:
    """The plan of `request`.

    Raises:
        RequestError: a recording cannot be used, or nobody here says it again in that voice.
        FetchFailed: a recording cannot be had.

    """
    target = target_of(request, worker)
    job.cancellation.stop_if_cancelled()
    direction = _direction(request, target)
    source = recording(request.source_audio, field="source_audio", fetcher=worker.fetcher)
    faults = tuple(f"source_audio: {fault}" for fault in judge_source(source))
    _check_length(source.duration_sec / direction.tempo, worker.settings.max_audio_sec)
    sections = tuple(_sections(cut(source, target.engine.max_source_sec)))
    casting = Casting(
        engine=target.engine,
        name=target.name,
        voice=target.voice,
        direction=direction,
        warnings=(*target.warnings, *faults),
    )
    job.cast.add(casting.name)
    seed = job_seed(request.seed, job.id)
    return Plan(
        request=request,
        casting=casting,
        utterances=_utterances(sections, casting, seed),
        submit=_converter(sections, worker),
        seed=seed,
        format_name=request.response_format,
        keeps_timing=True,
        relative_lu=_relative_lu([section.clip for section in sections]),
        heard=f"{digest(source)}/{target.heard}",
    )


def _utterances(sections: Sequence[Section], casting: Casting, seed: int) -> tuple[Utterance, ...]:
    """One per section; they have no text, for each says what its section of the source says."""
    return tuple(
        Utterance(
            index=index,
            text="",
            start=0,
            end=0,
            engine=casting.engine.name,
            voice=casting.voice,
            language=casting.direction.language,
            seed=utterance_seed(seed, index),
            lead_sec=section.lead_sec / casting.direction.tempo,
            pause_sec=section.pause_sec / casting.direction.tempo,
        )
        for index, section in enumerate(sections)
    )


def _converter(sections: Sequence[Section], worker: Worker) -> Submit:
    def convert(utterance: Utterance) -> Take:
        source = sections[utterance.index].clip
        return worker.engines.convert(utterance.engine, source, utterance.voice, seed=utterance.seed)

    return convert


def _direction(request: ConversionRequest, target: Target) -> Direction:
    """The effects of the profile and the request; options steer how a text is spoken, and there is none."""
    warnings: tuple[str, ...] = ()
    if target.profile and target.profile.options:
        names = ", ".join(sorted(target.profile.options))
        warnings = (f"a conversion does not honour the profile's options: {names}",)
    if warnings and request.strict:
        raise UnsupportedParameter(f"{warnings[0]}; send its 'voice' and 'effects' instead", field="profile")
    effects = effects_of(target.profile, request.effects)
    return Direction(
        language=target.voice.language, effects=replace(effects, speed=1.0), tempo=effects.speed, warnings=warnings
    )


def _check_length(duration_sec: float, limit_sec: float) -> None:
    if duration_sec > limit_sec:
        raise AudioTooLong(
            f"the recording would be {duration_sec:.1f} s long, and this worker makes {limit_sec:.1f} s in one job: "
            "split it over several",
            field="source_audio",
        )


def _sections(pieces: Sequence[Clip]) -> Iterator[Section]:
    """The pieces with something to hear; the silent ones are the pauses between them."""
    held: Section | None = None
    lead_sec = 0.0
    for piece in pieces:
        if not is_silent(piece):
            if held is not None:
                yield held
            held = Section(clip=piece, lead_sec=lead_sec, pause_sec=0.0)
        elif held is not None:
            held = replace(held, pause_sec=held.pause_sec + piece.duration_sec)
        else:
            lead_sec += piece.duration_sec
        lead_sec = 0.0 if held is not None else lead_sec
    if held is not None:
        yield held


def _relative_lu(clips: Sequence[Clip]) -> tuple[float, ...]:
    """How much louder each is than all together, so that a passage that was soft in the source stays so."""
    if len(clips) == 1:
        return (0.0,)
    loudness = [loudness_lufs(clip) for clip in clips]
    powers = [clip.duration_sec * 10 ** (lufs / 10) for clip, lufs in zip(clips, loudness, strict=True)]
    if not any(powers):
        return (0.0,) * len(clips)
    whole = 10 * math.log10(sum(powers) / sum(clip.duration_sec for clip in clips))
    return tuple(lufs - whole if math.isfinite(lufs) else 0.0 for lufs in loudness)
