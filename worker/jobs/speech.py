"""Speech: utterances become one stream of clips; shared by every job that makes a recording."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from worker.audio.clip import Clip, Word, moved
from worker.audio.join import Part, joined
from worker.audio.level import amplified, levelled, limited
from worker.audio.reverb import reverberated
from worker.audio.stretch import stretch
from worker.audio.trim import trim
from worker.engines.base import Utterance, Verdict
from worker.jobs.context import Job, Worker
from worker.jobs.plan import Plan
from worker.takes.cancellable import cancellable
from worker.takes.in_order import Spoken, in_order, whole


@dataclass(slots=True)
class Heard:
    """What came out of a stream of speech, known in full once it has been read to its end."""

    placed: list[Placed] = field(default_factory=list)
    duration_sec: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """An utterance and where it is heard."""

    utterance: Utterance
    verdict: Verdict
    start_sec: float
    end_sec: float
    words: tuple[Word, ...]
    """In seconds from the start of the recording."""


def speech(plan: Plan, job: Job, worker: Worker, *, heard: Heard) -> Iterator[Clip]:
    """The plan, rendered in order, shaped and joined as it is read, and noted in `heard`.

    Raises:
        EngineFailed, Cancelled: as the engine's takes raise them.

    """
    submit = cancellable(plan.submit, job.cancellation)
    pieces = in_order(plan.script(), submit, ahead=plan.casting.engine.capabilities.ahead)
    spoken = whole(job.stopwatch.timed("engine", pieces))
    clips = joined(_placed_parts(spoken, plan, worker.settings.loudness_lufs, heard))
    clips = limited(reverberated(clips, plan.casting.direction.effects.reverb))
    for clip in job.stopwatch.mark_first_audio(job.stopwatch.timed("synth", clips)):
        heard.duration_sec += clip.duration_sec
        yield clip


def _placed_parts(spoken: Iterable[Spoken], plan: Plan, loudness_lufs: float, heard: Heard) -> Iterator[Part]:
    """Parts to join, each noted with the time it will have; times are exact, being sums of lengths."""
    position_sec = 0.0
    for index, each in enumerate(spoken):
        relative_lu = plan.relative_lu[index] if plan.relative_lu else 0.0
        clip = _shaped(each.clip, plan, loudness_lufs + relative_lu)
        start_sec = position_sec + each.utterance.lead_sec
        end_sec = start_sec + clip.duration_sec
        position_sec = end_sec + each.utterance.pause_sec
        words = moved(clip.words, start_sec)
        heard.placed.append(
            Placed(utterance=each.utterance, verdict=each.verdict, start_sec=start_sec, end_sec=end_sec, words=words)
        )
        yield Part(clip=clip, lead_sec=each.utterance.lead_sec, pause_sec=each.utterance.pause_sec)


def _shaped(clip: Clip, plan: Plan, loudness_lufs: float) -> Clip:
    """An utterance as it will be heard: bare, at its tempo and pitch, at its loudness."""
    direction = plan.casting.direction
    clip = clip if plan.keeps_timing else trim(clip)
    clip = stretch(clip, tempo=direction.tempo, pitch_semitones=direction.effects.pitch_semitones)
    return amplified(levelled(clip, loudness_lufs), direction.effects.volume_db)
