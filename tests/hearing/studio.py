"""A studio that renders one Haitian Creole text through the service, and how near a figure measured on it has to be."""

from __future__ import annotations

import base64
import io
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import soundfile

from tests.conftest import Caller
from worker.audio.clip import Clip, Samples
from worker.audio.pitch import pitch_hz
from worker.reply import Reply, SpeechReply

TEXT = (
    "Bonjou tout moun, mwen rele Jozèf epi mwen rete nan yon ti vilaj bò lanmè a. "
    "Chak maten, anvan solèy la leve, papa m ale peche ansanm ak frè li yo. "
    "Manman m prepare kafe cho ak pen pou tout fanmi an. "
    "Lè lapli tonbe, timoun yo chita anba galri a epi yo koute istwa granmoun yo. "
    "Èske ou ta renmen tande yon bèl istwa aswè a?"
)
MAN = "creole-male-default"

SEMITONES = 0.3
"""Of the median fundamental: other frames are voiced in another rendering, and the trackers differ by a tenth."""
FORMANT_SEMITONES = 0.2
"""Four steps of the measure."""
PACE = 0.02
"""espeak-ng's rate is nominal; within a tenth of the usual one it is a hundredth off."""
LOUDNESS_LU = 0.25
"""What the limiter takes off the peaks; a fourth of what an ear can tell."""
CEILING_DB = -1.0
"""The limiter's, of samples; between them a wave may rise a little over it, but not over full scale."""
STEP_DB = 0.01
"""A step of 16 bits near full scale, and more."""
SILENCE_DB = -70.0


@dataclass(frozen=True, kw_only=True)
class Rendering:
    """A reply and its sound."""

    reply: SpeechReply
    clip: Clip

    @property
    def tail(self) -> Samples:
        """What is heard after the last utterance."""
        return self.clip.samples[round(self.reply.utterances[-1].end_sec * self.clip.sample_rate) :]

    @property
    def last_db(self) -> float:
        """The peak of the last 10 ms."""
        last = self.clip.samples[-round(0.01 * self.clip.sample_rate) :]
        return float(20 * np.log10(np.abs(last).max() + 1e-12))

    @cached_property
    def pitch_hz(self) -> float:
        """The median fundamental by autocorrelation."""
        return float(np.nanmedian(pitch_hz(self.clip)))


class Studio:
    """Renders the text, each way once."""

    def __init__(self, ask: Caller) -> None:
        self._ask = ask
        self._rendered: dict[str, Rendering] = {}

    def __call__(self, profile: str = MAN, **fields: object) -> Rendering:
        return self.render({"profile": profile, **fields})

    def voice(self, name: str) -> Rendering:
        """The text in a voice of the library."""
        return self.render({"voice": name})

    def render(self, fields: dict[str, object]) -> Rendering:
        key = repr(sorted(fields.items()))
        if key not in self._rendered:
            self._rendered[key] = rendering(self._ask(text=TEXT, response_format="wav", seed=7, **fields))
        return self._rendered[key]


def rendering(reply: Reply) -> Rendering:
    """A reply in WAV that had nothing to warn of."""
    assert isinstance(reply, SpeechReply), reply
    assert reply.warnings == ()
    samples, rate = soundfile.read(io.BytesIO(base64.b64decode(reply.audio_base64 or "")), dtype="float32")
    return Rendering(reply=reply, clip=Clip(samples=samples, sample_rate=rate))


def semitones(high_hz: float, low_hz: float) -> float:
    """The interval between two pitches."""
    return float(12 * np.log2(high_hz / low_hz))
