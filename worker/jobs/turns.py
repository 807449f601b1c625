"""Turns: what several speakers say one after another, as one stream of clips."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace

import numpy as np

from worker.audio.clip import Clip, Samples, moved
from worker.audio.level import limited
from worker.audio.leveller import Leveller
from worker.audio.resample import resampled
from worker.engines.base import Submit
from worker.jobs.context import Job, Worker
from worker.jobs.plan import Plan
from worker.jobs.progress import total_chars
from worker.jobs.speech import Heard, Listener, Placed, Totals, speech
from worker.takes.cancellation import Cancellation
from worker.takes.ending import ending_with
from worker.takes.window import Window


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """What one speaker says before the next one does."""

    plan: Plan
    """Of this turn alone."""
    segment: int | None
    """Number of the segment it is, from 0; None for a stretch between voice tags."""
    speaker: str
    """Empty where it goes without saying."""
    gap_sec: float
    """Silence before it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlacedTurn(Placed):
    """An utterance of a dialogue, its times those of the whole recording."""

    turn: Turn


def turns_rate(turns: Sequence[Turn]) -> int:
    """Hertz of what `conversation` yields: the highest of the engines'."""
    return max(turn.plan.casting.engine.sample_rate for turn in turns)


def conversation(turns: Sequence[Turn], submit: Submit, job: Job, worker: Worker, *, heard: Heard) -> Iterator[Clip]:
    """The turns in order, each shaped by its own plan, with exact gaps; noted in `heard` as PlacedTurn.

    All utterances are handed to `submit`, so many ahead as the engine that takes most is glad to have.
    A room's echo rings on under the gap and the next speaker, and takes no time of its own before the end.

    Raises:
        EngineFailed, Cancelled: as the engines' takes raise them.

    """
    ahead = max(turn.plan.casting.engine.capabilities.ahead for turn in turns)
    script = (utterance for turn in turns for utterance in turn.plan.utterances)
    said = [each for turn in turns for each in turn.plan.utterances]
    job.progress.begin(total_chars(said), in_parts=True)
    with closing(Window(script, ending_with(submit, job.cancellation, ahead=ahead), ahead=ahead)) as window:
        for clip in limited(_one_after_another(turns, window, job, worker, heard)):
            heard.totals.duration_sec += clip.duration_sec
            yield clip


def _one_after_another(turns: Sequence[Turn], window: Window, job: Job, worker: Worker, heard: Heard) -> Iterator[Clip]:
    floor, leveller = _Floor(turns_rate(turns)), Leveller(worker.settings.loudness_lufs)
    for turn in turns:
        yield floor.silence(turn.gap_sec)
        listener = _Offset(heard, turn, floor.position_sec)
        plan = replace(turn.plan, submit=window.submit)
        # The window watches for the end of the job already; a switch of its own lets each turn be forgotten.
        alone = replace(job, cancellation=Cancellation())
        yield from floor.given_to(speech(plan, alone, worker, heard=listener, leveller=leveller), listener)
    yield floor.echo()


class _Offset:
    """Listens to one turn, and passes on what it hears as part of the whole."""

    def __init__(self, whole: Listener, turn: Turn, start_sec: float) -> None:
        self.totals = Totals()
        self.spoken_sec = 0.0
        """From the start of the turn to the end of what is noted of it so far, with the silence after it."""
        self._whole = whole
        self._turn = turn
        self._start_sec = start_sec

    def note(self, placed: Placed) -> None:
        """Takes the next utterance of the turn."""
        self.spoken_sec = placed.end_sec + placed.utterance.pause_sec
        self._whole.note(
            PlacedTurn(
                utterance=placed.utterance,
                verdict=placed.verdict,
                start_sec=self._start_sec + placed.start_sec,
                end_sec=self._start_sec + placed.end_sec,
                words=moved(placed.words, self._start_sec),
                turn=self._turn,
            )
        )


class _Floor:
    """Whoever has it speaks; what an earlier speaker left in the room is heard under it."""

    def __init__(self, sample_rate: int) -> None:
        self._sample_rate = sample_rate
        self._frames = 0
        """Of the recording so far."""
        self._echo: Samples = np.zeros(0, dtype=np.float32)
        """What sounds on from here."""

    @property
    def position_sec(self) -> float:
        """Where the recording is."""
        return self._frames / self._sample_rate

    def silence(self, duration_sec: float) -> Clip:
        """Nobody speaks."""
        return self._over_echo(np.zeros(round(duration_sec * self._sample_rate), dtype=np.float32))

    def given_to(self, clips: Iterator[Clip], listener: _Offset) -> Iterator[Clip]:
        """A turn, exactly as long as what is noted of it; the rest of the clips is its echo."""
        held: Samples = np.zeros(0, dtype=np.float32)
        frames = 0
        for clip in resampled(clips, self._sample_rate):
            held = np.concatenate((held, clip.samples))
            due = self._due(listener) - frames
            yield self._over_echo(held[:due])
            frames += min(due, len(held))
            held = held[due:]
        yield self._over_echo(np.zeros(self._due(listener) - frames, dtype=np.float32))
        self._echo = _sum(self._echo, held)

    def echo(self) -> Clip:
        """What sounds on when everybody has spoken."""
        return self._over_echo(np.zeros(len(self._echo), dtype=np.float32))

    def _due(self, listener: _Offset) -> int:
        return round(listener.spoken_sec * self._sample_rate)

    def _over_echo(self, samples: Samples) -> Clip:
        heard = _sum(samples, self._echo[: len(samples)])
        self._echo = self._echo[len(samples) :]
        self._frames += len(samples)
        return Clip(samples=heard, sample_rate=self._sample_rate)


def _sum(one: Samples, other: Samples) -> Samples:
    """Both at once, as long as the longer."""
    longer, shorter = (one, other) if len(one) >= len(other) else (other, one)
    both = longer.copy()
    both[: len(shorter)] += shorter
    return both
