"""Speech: utterances become one stream of clips; shared by every job that makes a recording."""

from __future__ import annotations

from collections import Counter
from collections.abc import Generator, Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Protocol

from worker.audio.clip import Clip, Word, moved
from worker.audio.join import Part, joined
from worker.audio.level import amplified, levelled, limited
from worker.audio.leveller import Leveller
from worker.audio.offset import centred
from worker.audio.reverb import reverberated
from worker.audio.room_tone import RoomTone
from worker.audio.stretch import stretch
from worker.audio.trim import trim
from worker.engines.base import Utterance, Verdict
from worker.jobs.context import Job, Worker
from worker.jobs.neighbours import compared
from worker.jobs.plan import Plan
from worker.jobs.progress import reported, total_chars
from worker.takes.ending import ending_with
from worker.takes.in_order import Spoken, in_order, whole
from worker.takes.understudy import StoodIn, Substitution


@dataclass(slots=True)
class Totals:
    """What a stream of speech came to."""

    duration_sec: float = 0.0
    utterances: int = 0
    cache_hits: int = 0
    retries: int = 0
    """Renderings that were not kept."""
    engines: set[str] = field(default_factory=set)
    """Names of those that spoke."""
    stood_in: Counter[Substitution] = field(default_factory=Counter)
    """Utterances that another spoke than was asked for."""

    def count(self, verdict: Verdict) -> None:
        """Adds an utterance, but not its duration."""
        self.utterances += 1
        self.cache_hits += verdict.cached
        self.retries += verdict.attempts - 1
        self.engines.add(verdict.engine)
        if isinstance(verdict, StoodIn):
            self.stood_in[verdict.substitution] += 1

    def add(self, other: Totals) -> None:
        """Adds another stream."""
        self.duration_sec += other.duration_sec
        self.utterances += other.utterances
        self.cache_hits += other.cache_hits
        self.retries += other.retries
        self.engines |= other.engines
        self.stood_in += other.stood_in


class Listener(Protocol):
    """Who is told what is heard, in order, before the clips that it is heard in."""

    totals: Totals

    def note(self, placed: Placed, /) -> None:
        """Takes the next utterance."""


@dataclass(slots=True)
class Heard:
    """What came out of a stream of speech, known in full once it has been read to its end."""

    totals: Totals = field(default_factory=Totals)
    placed: list[Placed] = field(default_factory=list)

    def note(self, placed: Placed) -> None:
        """Keeps the utterance."""
        self.totals.count(placed.verdict)
        self.placed.append(placed)


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """An utterance and where it is heard."""

    utterance: Utterance
    verdict: Verdict
    start_sec: float
    end_sec: float
    words: tuple[Word, ...]
    """In seconds from the start of the recording."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Rendered:
    """An utterance as it will be heard, or a stretch of one that is heard live; not placed yet."""

    utterance: Utterance
    verdict: Verdict
    clip: Clip
    begins: bool = True
    ends: bool = True

    @property
    def part(self) -> Part:
        """Its clip and the silence around it."""
        return Part(
            clip=self.clip,
            lead_sec=self.utterance.lead_sec if self.begins else 0.0,
            pause_sec=self.utterance.pause_sec if self.ends else 0.0,
            fades_in=self.begins,
            fades_out=self.ends,
        )

    @property
    def duration_sec(self) -> float:
        """Of its clip and the silence around it."""
        return self.part.lead_sec + self.clip.duration_sec + self.part.pause_sec


def speech(
    plan: Plan, job: Job, worker: Worker, *, heard: Listener, leveller: Leveller | None = None
) -> Iterator[Clip]:
    """The plan, rendered in order, shaped and joined as it is read, and noted in `heard`.

    A `leveller` that has heard what comes before goes on from there.

    Raises:
        EngineFailed, Cancelled: as the engine's takes raise them.

    """
    return recording_of(rendered(plan, job, worker, leveller), plan, job, heard=heard)


def rendered(plan: Plan, job: Job, worker: Worker, leveller: Leveller | None = None) -> Generator[Rendered, None, None]:
    """The plan's utterances in order, as they are read, with a window of them under way; otherwise as `speech`."""
    ahead = plan.casting.engine.capabilities.ahead
    pieces = in_order(plan.script(), ending_with(plan.submit, job.cancellation, ahead=ahead), ahead=ahead)
    spoken = whole(job.stopwatch.timed("engine", pieces))
    if worker.checks and not plan.keeps_timing:
        spoken = compared(spoken)
    shaped = _shaped(spoken, plan)
    loudness_lufs = worker.settings.loudness_lufs
    even = _level(shaped, plan, loudness_lufs, leveller or Leveller(loudness_lufs))
    return reported(even, job.progress, total=total_chars(plan.utterances))


def recording_of(spoken: Iterable[Rendered], plan: Plan, job: Job, *, heard: Listener) -> Iterator[Clip]:
    """The utterances joined to one recording, as it is read, and noted in `heard`."""
    room_tone = RoomTone(plan.seed) if plan.request.room_tone else None
    clips = joined(_placed_parts(spoken, heard), room_tone=room_tone)
    clips = limited(reverberated(clips, plan.casting.direction.effects.reverb))
    for clip in job.stopwatch.mark_first_audio(job.stopwatch.timed("synth", clips)):
        heard.totals.duration_sec += clip.duration_sec
        yield clip


def _placed_parts(spoken: Iterable[Rendered], heard: Listener) -> Iterator[Part]:
    """Parts to join, each noted with the time it will have; times are exact, being sums of lengths."""
    frames, start_sec, words = 0, 0.0, list[Word]()
    for each in spoken:
        part, sample_rate = each.part, each.clip.sample_rate
        begins_sec = (frames + part.lead_frames) / sample_rate
        if each.begins:
            start_sec, words = begins_sec, []
        words.extend(moved(each.clip.words, begins_sec))
        frames += part.frames
        if each.ends:
            end_sec = (frames - part.pause_frames) / sample_rate
            heard.note(
                Placed(
                    utterance=each.utterance,
                    verdict=each.verdict,
                    start_sec=start_sec,
                    end_sec=end_sec,
                    words=tuple(words),
                )
            )
        yield part


def _shaped(spoken: Iterable[Spoken], plan: Plan) -> Iterator[Rendered]:
    """The utterances as they will be heard, but for their loudness: bare, at their tempo and pitch."""
    direction = plan.casting.direction
    for each in spoken:
        clip = each.clip
        if each.begins and each.ends:
            clip = clip if plan.keeps_timing else trim(centred(clip))
            clip = stretch(clip, tempo=direction.tempo, pitch_semitones=direction.effects.pitch_semitones)
        yield Rendered(utterance=each.utterance, verdict=each.verdict, clip=clip, begins=each.begins, ends=each.ends)


def _level(
    shaped: Iterable[Rendered], plan: Plan, loudness_lufs: float, leveller: Leveller
) -> Generator[Rendered, None, None]:
    """The utterances at their loudness: the common one, or so much over or under it as the plan says.

    All of one that is heard live is as loud as its first stretch was made.
    """
    index, gain_db = 0, 0.0
    for each in shaped:
        if plan.relative_lu:
            clip = levelled(each.clip, loudness_lufs + plan.relative_lu[index])
        else:
            if each.begins:
                gain_db = leveller.gain_db(each.clip, key=(each.verdict.engine, each.utterance.voice.id))
            clip = amplified(each.clip, gain_db)
        index += each.ends
        yield replace(each, clip=amplified(clip, plan.casting.direction.effects.volume_db))
