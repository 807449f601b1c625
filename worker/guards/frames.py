"""Frames: how loud a clip is, every ten milliseconds, and where in it somebody speaks."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from worker.audio.clip import Clip

FloatArray = NDArray[np.float64]

HOP_SEC = 0.01
SMOOTHED_FRAMES = 3
"""Three hops hold at least one period of a 50 Hz hum: its level stands still, and that of speech does not."""
FLOOR_DB = -100.0
LOUD_PERCENTILE = 95
"""The level of speech: what its loud vowels reach, whatever the share of silence."""
SILENCE_DB = -40.0
"""Relative to the level of speech; consonants lie above it, and the noise of a quiet room and of vocoders below."""
QUIETEST_DB = -75.0
"""Of full scale; quieter is silence whatever it is compared with."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Frames:
    """The levels of a clip."""

    levels_db: FloatArray
    """Of full scale, by hop of HOP_SEC, float64 [n]."""
    speech_db: float
    """How loud the speech is."""

    @property
    def sounding(self) -> NDArray[np.bool_]:
        """Which frames are not silence, bool [n]."""
        return self.levels_db > max(self.speech_db + SILENCE_DB, QUIETEST_DB)

    @property
    def span(self) -> slice:
        """From the first frame with sound to the last; empty where there is none."""
        loud = np.flatnonzero(self.sounding)
        return slice(int(loud[0]), int(loud[-1]) + 1) if len(loud) else slice(0, 0)

    @property
    def speech_sec(self) -> float:
        """Seconds from the first sound to the last."""
        span = self.span
        return float(span.stop - span.start) * HOP_SEC


def framed(clip: Clip) -> Frames:
    """The frames of a clip; what is left over at its end counts as a frame."""
    hop = max(1, round(HOP_SEC * clip.sample_rate))
    power = np.square(np.pad(clip.samples, (0, -len(clip.samples) % hop)).reshape(-1, hop)).mean(axis=1, dtype=float)
    if len(power) >= SMOOTHED_FRAMES:
        power = np.convolve(power, np.full(SMOOTHED_FRAMES, 1 / SMOOTHED_FRAMES), mode="same")
    levels_db = 10 * np.log10(np.maximum(power, 10 ** (FLOOR_DB / 10)))
    speech_db = float(np.percentile(levels_db, LOUD_PERCENTILE)) if len(levels_db) else FLOOR_DB
    return Frames(levels_db=levels_db, speech_db=speech_db)


def longest_run(marked: NDArray[np.bool_]) -> tuple[int, int]:
    """Where the longest run of True begins, and its length; (0, 0) where there is none."""
    edges = np.diff(np.concatenate(([False], marked, [False])).astype(np.int8))
    starts, ends = np.flatnonzero(edges == 1), np.flatnonzero(edges == -1)
    if not len(starts):
        return 0, 0
    longest = int(np.argmax(ends - starts))
    return int(starts[longest]), int(ends[longest] - starts[longest])
