"""A performance: a plan, who speaks it and who tells of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial
from typing import Protocol, Self

from worker.audio.clip import Clip
from worker.jobs.context import Job, Worker
from worker.jobs.plan import Plan
from worker.jobs.report import report
from worker.jobs.speech import Heard, speech
from worker.reply import SpeechReply
from worker.request import AudioFormat


class Speak(Protocol):
    """The shape of what makes the clips of a plan, and notes them in `heard`."""

    def __call__(self, job: Job, worker: Worker, *, heard: Heard) -> Iterator[Clip]:
        """The clips in order, made as they are read."""


class Tell(Protocol):
    """The shape of `report`."""

    def __call__(
        self,
        plan: Plan,
        heard: Heard,
        job: Job,
        worker: Worker,
        /,
        *,
        size_bytes: int,
        encode_sec: float,
        warnings: tuple[str, ...] = (),
    ) -> SpeechReply:
        """What was made of `plan`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Performance:
    """A plan, what makes its clips, and what tells of them."""

    plan: Plan
    speak: Speak
    tell: Tell

    def max_frames(self, worker: Worker) -> int:
        """The most frames its file may have."""
        return round(worker.settings.max_audio_sec * self.plan.sample_rate)

    def in_format(self, format_name: AudioFormat) -> Self:
        """The same as another kind of file."""
        return replace(self, plan=self.plan.in_format(format_name))


def alone(plan: Plan) -> Performance:
    """The performance of a plan that has one speaker."""
    return Performance(plan=plan, speak=partial(speech, plan), tell=report)
