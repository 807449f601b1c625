"""A tone per character: an engine without weights or dependencies, for tests and for hearing the path itself."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from functools import partial

import numpy as np

from voice_library.voice import Voice
from worker.audio.clip import Clip, Word
from worker.engines.base import Capabilities, LazyTake, Take, Utterance, Verdict
from worker.settings import Settings

SAMPLE_RATE = 16_000
CHARACTER_SEC = 0.06
LOWEST_HZ = 220.0
SEMITONES = 36
"""Characters are spread over three octaves by code point."""
AMPLITUDE = 0.3
NOISE = 0.001
"""Full-scale noise that makes the seed audible to a test."""
GENDER_RATIO = {"female": 1.5, "male": 1.0, "neutral": 1.25}


def load(settings: Settings) -> ToneEngine:  # noqa: ARG001 - the shape every engine's `load` has
    """The engine; nothing has to be read."""
    return ToneEngine()


class ToneEngine:
    """Yields one clip per word, so that takes of several clips are exercised too."""

    name = "tone"
    device = "cpu"
    sample_rate = SAMPLE_RATE
    capabilities = Capabilities(languages=frozenset({"en", "fr", "es", "de", "ht"}), max_chars=1000, ahead=2)

    def __init__(self) -> None:
        self.voices = tuple(
            Voice(
                id=f"tone-{gender}",
                names=(f"Tone {gender}",),
                language="en",
                gender=gender,
                engines={"tone": {}},
            )
            for gender in ("female", "male", "neutral")
        )

    def can_speak(self, voice: Voice) -> bool:
        """Its own voices only."""
        return self.name in voice.engines

    def submit(self, utterance: Utterance) -> Take:
        """A take that is computed word by word as it is read."""
        verdict = Verdict(seed=utterance.seed, engine=self.name)
        return LazyTake(verdict, partial(_words, utterance))

    def close(self) -> None:
        """Nothing is held."""


def _words(utterance: Utterance, cancelled: threading.Event) -> Iterator[Clip]:
    noise = np.random.default_rng(utterance.seed)
    base_hz = LOWEST_HZ * GENDER_RATIO[utterance.voice.gender]
    time_sec = np.arange(round(CHARACTER_SEC * SAMPLE_RATE)) / SAMPLE_RATE
    for word in utterance.text.split():
        if cancelled.is_set():
            return
        pitches = [base_hz * 2 ** (ord(character) % SEMITONES / 12) for character in word]
        tones = np.concatenate([np.sin(2 * np.pi * hertz * time_sec) for hertz in pitches])
        samples = AMPLITUDE * tones + NOISE * noise.standard_normal(len(tones))
        yield Clip(
            samples=samples.astype(np.float32),
            sample_rate=SAMPLE_RATE,
            words=(Word(text=word, start_sec=0.0),),
        )
