"""Worth: what stretches of a recording are worth as a reference, in decibels of noise."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np

from builder.voices.recording.activity import Activity, BoolArray, FloatArray, IntArray, frames, runs, smoothed_dbfs
from worker.audio.reference import CLIPPED_SHARE, FRAME_SEC, LONGEST_PAUSE_SEC, QUIET_DBFS

SECOND_OF_SPEECH_DB = 2.0
"""A second more of speech, up to the most that is wanted, makes up for so much more noise."""
SECOND_TOO_SHORT_DB = 4.0
"""And each second that is missing to the least that is wanted takes as much besides."""
AUDIBLE_CLIPPING_DB = 10.0
"""What clipping takes where it begins to be heard, at CLIPPED_SHARE, and again with each doubling beyond."""
SECOND_OF_SILENCE_DB = 6.0
"""What each second takes by which pauses are too long."""
CUT_IN_SPEECH_DB = 8.0
"""What each end takes that lies in no pause."""
TYPICAL_SHARE = 0.5
"""What each decibel takes by which the stretch is louder or softer than the speaker mostly is."""
TOO_QUIET_SHARE = 2.0
"""And each by which it is under QUIET_DBFS, even of a speaker who always is."""
BEST_SNR_DB = 45.0
"""More is no better: speech at −20 dBFS then has its noise under that of a quiet studio, −65."""
STEADY_SEC = 1.0
"""The level of speech is that of a second: within, it rises and falls with the syllables."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Sums:
    """Sums over all frames before one, float64 [frames + 1] each: the mean of any stretch is two look-ups away."""

    speech: FloatArray
    power: FloatArray
    """Of the speech, full scale 1."""
    level: FloatArray
    """Of the seconds around the frames of speech, in dBFS."""
    level_squared: FloatArray
    floor: FloatArray
    """Power of the noise, full scale 1: a noisy quarter is heard, however quiet the rest."""
    clipped: FloatArray
    """The share of each frame that is clipped."""
    silence: FloatArray
    """Frames inside pauses that are too long."""
    typical_dbfs: float
    """Half of the speech is louder."""

    @classmethod
    def of(cls, activity: Activity, clipped: FloatArray) -> Self:
        """The sums of a recording; `clipped` is the share of each frame that is clipped, float64 [frames]."""
        speech, levels = activity.speech, activity.levels_dbfs
        around = second_dbfs(levels, speech)
        return cls(
            speech=_summed(speech),
            power=_summed(np.where(speech, 10 ** (levels / 10), 0)),
            level=_summed(np.where(speech, around, 0)),
            level_squared=_summed(np.where(speech, around**2, 0)),
            floor=_summed(10 ** (activity.floor_dbfs / 10)),
            clipped=_summed(clipped),
            silence=_summed(_too_long(speech)),
            typical_dbfs=float(np.median(around[speech])),
        )

    def worth(self, starts: IntArray, ends: IntArray, *, min_sec: float, max_sec: float) -> FloatArray:
        """What the stretches from `starts` to before `ends` are worth, float64; each holds speech."""

        def total(sums: FloatArray) -> FloatArray:
            return sums[ends] - sums[starts]

        length, speech = ends - starts, np.maximum(total(self.speech), 1)
        level, noise = _dbfs(total(self.power) / speech), _dbfs(total(self.floor) / length)
        second = total(self.level) / speech
        unsteady = np.sqrt(np.maximum(total(self.level_squared) / speech - second**2, 0))
        clipped = total(self.clipped) / length / CLIPPED_SHARE
        worth: FloatArray = (
            np.minimum(level - noise, BEST_SNR_DB)
            + SECOND_OF_SPEECH_DB * np.minimum(speech * FRAME_SEC, max_sec)
            - SECOND_TOO_SHORT_DB * np.maximum(min_sec - length * FRAME_SEC, 0)
            - unsteady
            - TYPICAL_SHARE * np.abs(second - self.typical_dbfs)
            - TOO_QUIET_SHARE * np.maximum(QUIET_DBFS - level, 0)
            - AUDIBLE_CLIPPING_DB * np.log2(1 + clipped)
            - SECOND_OF_SILENCE_DB * total(self.silence) * FRAME_SEC
        )
        return worth


def _dbfs(power: FloatArray) -> FloatArray:
    return np.asarray(10 * np.log10(np.maximum(power, 1e-12)))


def _summed(values: FloatArray | BoolArray) -> FloatArray:
    return np.concatenate(([0.0], np.cumsum(values, dtype=np.float64)))


def second_dbfs(levels: FloatArray, speech: BoolArray) -> FloatArray:
    """The level of the speech in the second around each frame."""
    count = frames(STEADY_SEC)
    speaking = np.where(speech, levels, -120.0)
    share = 10 ** (smoothed_dbfs(np.where(speech, 0.0, -120.0), count) / 10)
    return np.asarray(smoothed_dbfs(speaking, count) - 10 * np.log10(share))


def _too_long(speech: BoolArray) -> BoolArray:
    """The frames by which pauses are longer than a speaker's own are."""
    marked = np.zeros_like(speech)
    for start, end in zip(*runs(~speech), strict=True):
        marked[start + frames(LONGEST_PAUSE_SEC) // 2 : max(start, end - frames(LONGEST_PAUSE_SEC) // 2)] = True
    return marked
