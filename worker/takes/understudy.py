"""An understudy: who speaks where the one asked for cannot, and what the verdict says of it."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Literal

from voice_library.voice import Voice
from worker.audio.clip import Clip, concatenate
from worker.audio.resample import resample
from worker.audio.stretch import stretch
from worker.engines.base import Capabilities, Utterance, Verdict
from worker.engines.tags import stripped

TOO_LONG = "text_too_long"
"""Its engine does not speak so much at once."""
NOTHING_TO_SAY = "nothing_to_say"
"""There are only tags, on which its engine does not act."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Understudy:
    """An engine with a voice that it can speak in the language of the job."""

    engine: str
    voice: Voice
    capabilities: Capabilities
    """The engine's."""
    on: Literal["error", "doubt"] = "error"
    """Whether it takes over from those that failed only, or from a rendering that did not pass its checks too."""
    caveats: tuple[str, ...] = ()
    """What of the request is not met to the letter where it speaks."""

    def obstacle(self, utterance: Utterance) -> str | None:
        """Why it cannot say the utterance, if it cannot: TOO_LONG or NOTHING_TO_SAY."""
        text = self._text(utterance)
        if not text:
            return NOTHING_TO_SAY
        return TOO_LONG if len(text) > self.capabilities.longest(utterance.language) else None

    def part(self, utterance: Utterance) -> Utterance:
        """The utterance as this one says it: the same language and seed, with the options and tags it acts on."""
        unheeded = utterance.options.given - self.capabilities.parameters
        return replace(
            utterance,
            text=self._text(utterance),
            engine=self.engine,
            voice=self.voice,
            speed=self._own_speed(utterance),
            options=utterance.options.model_copy(update=dict.fromkeys(unheeded)),
        )

    def fitted(self, clips: list[Clip], utterance: Utterance, sample_rate: int) -> Clip:
        """What it said, at `sample_rate` hertz; what it cannot do of the speed asked for is stretched."""
        clip = concatenate(clips, clips[0].sample_rate)
        return resample(stretch(clip, tempo=utterance.speed / self._own_speed(utterance)), sample_rate)

    def _text(self, utterance: Utterance) -> str:
        return stripped(utterance.text, self.capabilities.tags).text

    def _own_speed(self, utterance: Utterance) -> float:
        slowest, fastest = self.capabilities.speed_range
        return min(max(utterance.speed, slowest), fastest)


@dataclass(frozen=True, slots=True, kw_only=True)
class Substitution:
    """Who was asked for, who spoke instead, and why."""

    asked_engine: str
    asked_voice: str
    """Id."""
    engine: str
    voice: str
    """Id."""
    because: tuple[str, ...]
    """Codes of errors, names of checks, and `engine_resting`; each once."""
    caveats: tuple[str, ...] = ()
    """What of the request was not met to the letter."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoodIn(Verdict):
    """How an utterance was rendered by another engine or voice than it was meant for."""

    substitution: Substitution

    @classmethod
    def of(cls, verdict: Verdict, understudy: Understudy, utterance: Utterance, because: tuple[str, ...]) -> StoodIn:
        """The verdict on the rendering that the understudy made of `utterance`."""
        known = {each.name: getattr(verdict, each.name) for each in fields(Verdict)}
        substitution = Substitution(
            asked_engine=utterance.engine,
            asked_voice=utterance.voice.id,
            engine=understudy.engine,
            voice=understudy.voice.id,
            because=tuple(dict.fromkeys(because)),
            caveats=understudy.caveats,
        )
        return cls(**known, substitution=substitution)
