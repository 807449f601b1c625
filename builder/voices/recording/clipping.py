"""Clipping: the tops of a wave that a converter or an amplifier cut off."""

from __future__ import annotations

import numpy as np

from builder.voices.recording.activity import FloatArray, IntArray
from worker.audio.clip import Clip
from worker.audio.reference import FULL_SCALE, clipped_runs

STEP = 1 / 65536
"""Half a step of 16 bits: samples that are one and the same, however they were amplified since."""


def clipped_spans(clip: Clip) -> tuple[IntArray, IntArray]:
    """The samples in which runs of cut-off tops begin and end, int64 [runs] each.

    Tops are flat at full scale, or below it where a recording was turned down after it had been clipped.
    """
    if not len(clip.samples):
        return np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64)
    highest = min(FULL_SCALE, float(clip.samples.max()) - STEP)
    lowest = max(-FULL_SCALE, float(clip.samples.min()) + STEP)
    return clipped_runs(clip.samples, lowest=min(lowest, -STEP), highest=max(highest, STEP))


def clipped_share(clip: Clip) -> float:
    """Of all samples."""
    starts, ends = clipped_spans(clip)
    return float((ends - starts).sum()) / max(1, len(clip.samples))


def clipped_by_frame(clip: Clip, frame: int, count: int) -> FloatArray:
    """The share of each of `count` frames of `frame` samples that is clipped, float64 [count]; long runs smear."""
    starts, ends = clipped_spans(clip)
    found = np.bincount((starts + ends) // 2 // frame, weights=ends - starts, minlength=count)
    return np.asarray(found[:count] / frame, dtype=np.float64)
