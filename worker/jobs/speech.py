"""Speech: utterances become one stream of clips; shared by every job that speaks."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from worker.audio.clip import Clip, Word, moved
from worker.audio.join import Part, joined
from worker.audio.level import amplified, levelled, limited
from worker.audio.reverb import reverberated
from worker.audio.stretch import stretch
from worker.audio.trim import trim
from worker.engines.base import Utterance, Verdict
from worker.jobs.casting import Casting
from worker.jobs.context import Job, Worker
from worker.takes.cancellable import cancellable
from worker.takes.in_order import Spoken, in_order, whole
from worker.text.passages import Passage


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


def utterances(passages: Iterable[Passage], casting: Casting, seed: int) -> Iterator[Utterance]:
    """What the cast voice says for each passage; each with a seed of its own, whatever is beside it."""
    for index, passage in enumerate(passages):
        yield Utterance(
            index=index,
            text=passage.text,
            start=passage.start,
            end=passage.end,
            engine=casting.engine.name,
            voice=casting.voice,
            language=casting.language,
            speed=casting.engine_speed,
            options=casting.options,
            seed=utterance_seed(seed, index),
            lead_sec=passage.lead_sec,
            pause_sec=passage.pause_sec,
        )


def utterance_seed(job_seed: int, index: int) -> int:
    """A 32-bit seed that depends on the job's seed and the utterance's place alone."""
    return int.from_bytes(hashlib.blake2b(f"{job_seed}/{index}".encode(), digest_size=4).digest())


def speech(script: Iterable[Utterance], casting: Casting, job: Job, worker: Worker, *, heard: Heard) -> Iterator[Clip]:
    """The script, rendered in order, shaped and joined as it is read, and noted in `heard`.

    Raises:
        EngineFailed, Cancelled: as the engine's takes raise them.

    """
    submit = cancellable(worker.engines.submit, job.cancellation)
    pieces = in_order(script, submit, ahead=casting.engine.capabilities.ahead)
    spoken = whole(job.stopwatch.timed("engine", pieces))
    clips = joined(_placed_parts(spoken, casting, worker.settings.loudness_lufs, heard))
    clips = limited(reverberated(clips, casting.effects.reverb))
    for clip in job.stopwatch.mark_first_audio(job.stopwatch.timed("synth", clips)):
        heard.duration_sec += clip.duration_sec
        yield clip


def _placed_parts(spoken: Iterable[Spoken], casting: Casting, loudness_lufs: float, heard: Heard) -> Iterator[Part]:
    """Parts to join, each noted with the time it will have; times are exact, being sums of lengths."""
    position_sec = 0.0
    for each in spoken:
        clip = _shaped(each.clip, casting, loudness_lufs)
        start_sec = position_sec + each.utterance.lead_sec
        end_sec = start_sec + clip.duration_sec
        position_sec = end_sec + each.utterance.pause_sec
        words = moved(clip.words, start_sec)
        heard.placed.append(
            Placed(utterance=each.utterance, verdict=each.verdict, start_sec=start_sec, end_sec=end_sec, words=words)
        )
        yield Part(clip=clip, lead_sec=each.utterance.lead_sec, pause_sec=each.utterance.pause_sec)


def _shaped(clip: Clip, casting: Casting, loudness_lufs: float) -> Clip:
    """An utterance as it will be heard: bare, at its tempo and pitch, at the common loudness."""
    clip = stretch(trim(clip), tempo=casting.tempo, pitch_semitones=casting.effects.pitch_semitones)
    return amplified(levelled(clip, loudness_lufs), casting.effects.volume_db)
