"""Pitch: how high a speaker mostly speaks."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from builder.voices.recording.activity import Activity, FloatArray
from worker.audio.clip import Clip
from worker.audio.pitch import pitch_hz
from worker.audio.reference import FRAME_SEC

SAMPLES = 40
"""Places of a long recording at which its pitch is measured: half of them is far more than the median needs."""
SAMPLE_SEC = 1.0
LEAST_VOICED = 10
"""Frames of 10 ms: fewer are an accident."""


def voiced_hz(clip: Clip, active: Activity) -> FloatArray:
    """The fundamentals of the speech, every 10 ms where it is voiced; of a long recording, at SAMPLES places."""
    speech = np.flatnonzero(active.speech)
    if len(speech) * FRAME_SEC <= SAMPLES * SAMPLE_SEC:
        return _voiced(clip)
    length = round(SAMPLE_SEC * clip.sample_rate)
    places = speech[np.linspace(0, len(speech) - 1, SAMPLES + 2).astype(int)[1:-1]]
    starts = [int(place) * active.frame for place in places]
    return np.concatenate([_voiced(replace(clip, samples=clip.samples[start : start + length])) for start in starts])


def typical_hz(clip: Clip, active: Activity) -> float | None:
    """The fundamental that the speaker is above half of the time; None where nothing is voiced."""
    return _median(voiced_hz(clip, active))


def median_hz(clip: Clip) -> float | None:
    """The same of a short clip."""
    return _median(_voiced(clip))


def _voiced(clip: Clip) -> FloatArray:
    found = pitch_hz(clip)
    return found[np.isfinite(found)]


def _median(hertz: FloatArray) -> float | None:
    return float(np.median(hertz)) if len(hertz) >= LEAST_VOICED else None
