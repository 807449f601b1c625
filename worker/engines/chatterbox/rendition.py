"""Renditions: the speech tokens of a take become its clips, when all of them are there or as they come."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from functools import partial
from typing import Protocol

from torch import Tensor

from voice_library.voice import Voice
from worker.audio.clip import Clip, Samples
from worker.engines.chatterbox.batch import Line
from worker.engines.chatterbox.decoder.decoder import Slot
from worker.engines.chatterbox.flow.flow import Piece
from worker.engines.chatterbox.model import Model
from worker.engines.chatterbox.rendering.noise import Noise
from worker.engines.chatterbox.rendering.unfolding import Unfolding
from worker.engines.chatterbox.speech import Speech
from worker.engines.chatterbox.vocoder.excitation import SAMPLE_RATE
from worker.engines.chatterbox.workshop import Order, Workshop
from worker.request import Priority


@dataclass(frozen=True, slots=True, kw_only=True)
class Studio:
    """Where tokens become sound."""

    model: Model
    workshop: Workshop
    marking: Executor
    """Marks whole utterances, while others are rendered."""

    def render(
        self,
        speech: Speech,
        tokens: Callable[[], Sequence[int]],
        voice: Voice,
        noise: Noise,
        *,
        expected: int,
        job: str = "",
        priority: Priority = "normal",
    ) -> None:
        """Settles `speech` with the clip of `tokens`, of which about so many are expected; returns at once."""
        renderer = self.model.renderer

        def begin() -> Piece:
            return renderer.piece(tokens(), self.model.voice(voice).heard, noise)

        def finish(mel: Tensor) -> None:
            samples = renderer.waveform(mel, noise)
            self.marking.submit(speech.attempt, lambda: speech.settle(self._marked(samples)))

        self.workshop.add(Order(speech=speech, begin=begin, finish=finish, tokens=expected, job=job, priority=priority))

    def _marked(self, samples: Samples) -> Clip:
        watermark = self.model.watermark
        return clip(samples if watermark is None else watermark.mark(samples))


class Rendition(Protocol):
    """What becomes of one take's tokens. Both are called by the batch's thread and return at once."""

    def told(self, line: Line, slot: Slot) -> None:
        """Takes note of the tokens so far."""

    def ended(self, line: Line, slot: Slot) -> None:
        """Takes the tokens, all of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Whole:
    """One clip in the end."""

    studio: Studio
    voice: Voice

    def told(self, line: Line, slot: Slot) -> None:
        """Waits for the rest."""

    def ended(self, line: Line, slot: Slot) -> None:
        """Has all of them rendered."""
        model, tokens = self.studio.model, slot.tokens
        self.studio.render(
            line.speech,
            lambda: model.renderer.sound(tokens),
            self.voice,
            model.noise(line.seed, slot.chance),
            expected=len(tokens),
            job=line.job,
            priority=line.priority,
        )


class Live:
    """Clips as soon as there is something to be heard.

    Each window is rendered, also where the next one is due by then: what is heard depends on nobody's haste.
    """

    def __init__(self, studio: Studio, voice: Voice) -> None:
        self._studio = studio
        self._voice = voice
        self._seed: int | None = None
        self._unfolding: Unfolding | None = None

    def told(self, line: Line, slot: Slot) -> None:
        """Has a window rendered whenever there is a new one."""
        unfolding = self._of(line)
        if unfolding.is_due(len(slot.tokens)):
            self._ask(unfolding, line, list(slot.tokens), ended=False)

    def ended(self, line: Line, slot: Slot) -> None:
        """Has the rest rendered."""
        self._ask(self._of(line), line, slot.tokens, ended=True)

    def _of(self, line: Line) -> Unfolding:
        """Another one for another attempt, which is made of tokens too few to have been heard."""
        if self._unfolding is None or self._seed != line.seed:
            model = self._studio.model
            heard, noise = model.voice(self._voice).heard, model.noise(line.seed)
            self._seed, self._unfolding = line.seed, Unfolding(model.renderer, heard, noise, model.watermark)
        return self._unfolding

    def _ask(self, unfolding: Unfolding, line: Line, tokens: Sequence[int], *, ended: bool) -> None:
        def finish(mel: Tensor) -> None:
            samples = unfolding.samples(mel, ended=ended)
            if len(samples):
                line.speech.give(clip(samples))
            if ended:
                line.speech.settle()

        self._studio.workshop.add(
            Order(
                speech=line.speech,
                begin=partial(unfolding.piece, tokens, ended=ended),
                finish=finish,
                tokens=len(tokens),
                urgent=True,
                job=line.job,
                priority=line.priority,
            )
        )


def clip(samples: Samples) -> Clip:
    """The samples at the rate they were rendered at."""
    return Clip(samples=samples, sample_rate=SAMPLE_RATE)
