"""Recordings of a speaker: sentences of the embedded engine."""

from __future__ import annotations

import io

import numpy as np
import soundfile
import soxr

from voice_library.voice import Reference, Voice
from worker.engines.base import Utterance
from worker.engines.espeak.engine import EspeakEngine

TEXT = (
    "The quick brown fox jumps over the lazy dog, while seven old wizards quietly mix a jug of orange juice. "
    "Nobody at the harbour knew where the small boat came from, or who had tied it to the wall that night. "
    "In the morning it was gone, and only a wet rope and two fresh apples lay on the grey stones."
)


def spoken(engine: EspeakEngine, *, voice: str = "en-us", pitch: int = 50) -> Reference:
    """Some seventeen seconds at 22,050 Hz."""
    speaker = Voice(
        id="speaker",
        names=("Speaker",),
        language="en-US",
        gender="female",
        engines={"espeak": {"voice": voice, "pitch": pitch}},
    )
    utterance = Utterance(index=0, text=TEXT, start=0, end=len(TEXT), engine="espeak", voice=speaker, language="en-US")
    samples = np.concatenate([clip.samples for clip in engine.submit(utterance)])
    return Reference(samples=samples.astype(np.float32), sample_rate=engine.sample_rate)


def cut(reference: Reference, seconds: float, *, gain: float = 1.0) -> Reference:
    """Its beginning."""
    samples = reference.samples[: round(seconds * reference.sample_rate)] * np.float32(gain)
    return Reference(samples=samples, sample_rate=reference.sample_rate)


def wav(reference: Reference, *, sample_rate: int | None = None, channels: int = 1) -> bytes:
    """A file of floats; the right channel of two is a delayed and quieter left."""
    rate = sample_rate or reference.sample_rate
    samples = soxr.resample(reference.samples, reference.sample_rate, rate)
    if channels == 2:
        samples = np.stack([samples, 0.7 * np.roll(samples, 31)], axis=1)
    file = io.BytesIO()
    soundfile.write(file, samples, rate, format="WAV", subtype="FLOAT")
    return file.getvalue()
