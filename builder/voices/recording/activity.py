"""Activity: where in a recording somebody speaks, and how loud it is there and in the pauses."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from worker.audio.clip import Clip
from worker.audio.reference import FRAME_SEC, SILENT_DBFS, levels_dbfs
from worker.errors import InvalidReference

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]

PAUSE_SEC = 0.2
"""Shorter silences belong to the speech around them, as in ITU-T P.56; the closure of a plosive takes 0.1."""
SHORTEST_SPEECH_SEC = 0.1
"""Shorter sounds with pauses around them are clicks."""
SMOOTHED_FRAMES = 3
"""A mean over 60 ms: the level of rumble, which swings from frame to frame, stands still, and a syllable lasts."""
FLOOR_SEC = 10.0
"""Somebody who reads takes a breath after six or seven; noise that comes and goes faster is no background."""
FLOOR_PERCENTILE = 2
"""Of the frames in FLOOR_SEC, so much at least is pause: a PAUSE_SEC."""
FLOOR_MARGIN_DB = 6.0
"""What is no louder than this over the noise is noise, as at the ends of a rendering."""
SOFTEST_DB = 35.0
"""How far a consonant may lie under the loudest vowel near it: what fades below belongs to the pause."""
LOUD_SEC = 10.0
"""How far around it a frame is compared with what is loudest."""
QUIETEST_DBFS = -75.0
"""Quieter is no speech, whatever it is compared with; the noise of 16-bit samples is 23 dB below."""
EDGE_FRAMES = 3
"""At each end of a pause, where a word may still fade, that are left out when its noise is measured."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Activity:
    """A recording in frames of FRAME_SEC, each speech or pause."""

    levels_dbfs: FloatArray
    """Root mean square of each frame about its mean, float64 [frames]; of a full-scale sine, −3."""
    floor_dbfs: FloatArray
    """Of the noise at that moment, float64 [frames]; −120 is digital silence."""
    speech: BoolArray
    """Speech with the short silences in it, bool [frames]."""
    frame: int
    """Samples in each: FRAME_SEC, rounded."""

    @property
    def segments(self) -> tuple[IntArray, IntArray]:
        """The frame in which each stretch of speech between two pauses begins, and the one behind its end."""
        return runs(self.speech)

    @property
    def speech_dbfs(self) -> float:
        """The level of the speech; there must be some."""
        return mean_dbfs(self.levels_dbfs[self.speech])

    @property
    def noise_dbfs(self) -> float | None:
        """The level that half of the pauses between the words keep under; None where there is no pause."""
        levels = self.levels_dbfs[self.quiet]
        return float(np.median(levels)) if len(levels) else None

    @property
    def quiet(self) -> BoolArray:
        """Frames well inside the pauses between the first word and the last, bool [frames]; else those around them."""
        from scipy.ndimage import binary_dilation  # imported here: a quarter of a second

        pauses = ~np.asarray(binary_dilation(self.speech, iterations=EDGE_FRAMES))
        starts, ends = self.segments
        inside = np.zeros_like(pauses)
        inside[starts[0] : ends[-1]] = pauses[starts[0] : ends[-1]]
        return inside if inside.any() else pauses


def activity(clip: Clip) -> Activity:
    """Where somebody speaks.

    Raises:
        InvalidReference: nobody does: the recording is shorter than a frame, silent, or steady noise.
    """
    levels = levels_dbfs(clip)
    if not len(levels) or levels.max() < SILENT_DBFS:
        raise InvalidReference("the recording is silent: nothing in it is louder than the noise of a converter")
    floor = _floor_dbfs(levels)
    speech = _speech(levels, floor)
    if not speech.any():
        raise InvalidReference("the recording holds no speech, only steady noise or clicks: record one speaker")
    return Activity(
        levels_dbfs=levels, floor_dbfs=floor, speech=speech, frame=max(1, round(FRAME_SEC * clip.sample_rate))
    )


def runs(marked: BoolArray) -> tuple[IntArray, IntArray]:
    """Where runs of True begin and end, int64 [runs] each."""
    edges = np.flatnonzero(np.diff(np.concatenate(([False], marked, [False])).astype(np.int8)))
    return edges[::2], edges[1::2]


def frames(sec: float) -> int:
    """The whole frames nearest to so many seconds, one at least."""
    return max(1, round(sec / FRAME_SEC))


def mean_dbfs(levels: FloatArray) -> float:
    """The level of several frames together."""
    return float(10 * np.log10(np.mean(10 ** (levels / 10))))


def smoothed_dbfs(levels: FloatArray, count: int) -> FloatArray:
    """Levels of means over `count` frames of power, float64 [frames]."""
    from scipy.ndimage import uniform_filter1d  # imported here: a quarter of a second

    power = uniform_filter1d(10 ** (levels / 10), count, mode="nearest")
    return np.asarray(10 * np.log10(np.maximum(power, 1e-12)), dtype=np.float64)


def _floor_dbfs(levels: FloatArray) -> FloatArray:
    """The noise: what the quietest stretches around each frame keep to.

    The maximum over all windows that hold a frame: next to a silence, noise is still noise.
    """
    from scipy.ndimage import maximum_filter1d, percentile_filter  # imported here: a quarter of a second

    window = min(frames(FLOOR_SEC), len(levels)) | 1
    lowest = percentile_filter(smoothed_dbfs(levels, SMOOTHED_FRAMES), FLOOR_PERCENTILE, size=window, mode="reflect")
    return np.asarray(maximum_filter1d(lowest, window, mode="reflect"), dtype=np.float64)


def _speech(levels: FloatArray, floor: FloatArray) -> BoolArray:
    from scipy.ndimage import maximum_filter1d  # imported here: a quarter of a second

    loudest = maximum_filter1d(smoothed_dbfs(levels, SMOOTHED_FRAMES), frames(LOUD_SEC), mode="nearest")
    threshold = np.maximum(np.maximum(floor + FLOOR_MARGIN_DB, loudest - SOFTEST_DB), QUIETEST_DBFS)
    speech: BoolArray = smoothed_dbfs(levels, SMOOTHED_FRAMES) > threshold
    _mark(speech, ~speech, shorter_than=frames(PAUSE_SEC), as_speech=True)
    _mark(speech, speech.copy(), shorter_than=frames(SHORTEST_SPEECH_SEC), as_speech=False)
    return speech


def _mark(speech: BoolArray, marked: BoolArray, *, shorter_than: int, as_speech: bool) -> None:
    """Turns short runs over, save silences at the ends of the recording."""
    for start, end in zip(*runs(marked), strict=True):
        if end - start < shorter_than and not (as_speech and (start == 0 or end == len(speech))):
            speech[start:end] = as_speech
