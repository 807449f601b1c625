"""Level: how loud a clip is, and a ceiling no sample passes."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import groupby

import numpy as np
from numpy.typing import NDArray

from worker.audio.clip import Clip, Samples
from worker.audio.timeline import Timeline

MAX_GAIN_DB = 20.0
"""More would lift the noise of a near-silent clip to the level of speech."""
GATE_SEC = 0.4
"""The block of ITU-R BS.1770-4; nothing shorter has a loudness."""
LOOK_AHEAD_SEC = 0.005
"""Time the limiter takes to turn down before a peak and up again after it."""
HOLD_SEC = 0.020
"""A period of 50 Hz: a held gain does not follow, and so distort, the waveform of a low voice."""


def levelled(clip: Clip, target_lufs: float) -> Clip:
    """The clip at `target_lufs` of integrated loudness, its gain bounded to ±MAX_GAIN_DB; silence as it is.

    Peaks may pass full scale afterwards: `limited` is the stage that follows.
    """
    loudness = loudness_lufs(clip)
    if not math.isfinite(loudness):
        return clip
    return amplified(clip, min(max(target_lufs - loudness, -MAX_GAIN_DB), MAX_GAIN_DB))


def loudness_lufs(clip: Clip) -> float:
    """Integrated loudness by ITU-R BS.1770-4; −inf for silence and for an empty clip.

    A clip under 0.4 s is repeated up to 0.4 s first, so that a short word measures as the same voice
    speaking on, not as a word among silence.
    """
    if not np.any(clip.samples):
        return -math.inf
    # Imported here: it brings scipy.signal, over half a second.
    import pyloudnorm

    frames = max(len(clip.samples), math.ceil(GATE_SEC * clip.sample_rate))
    with np.errstate(divide="ignore", invalid="ignore"):
        return float(
            pyloudnorm.Meter(clip.sample_rate).integrated_loudness(np.resize(clip.samples, frames).astype(np.float64))
        )


def amplified(clip: Clip, gain_db: float) -> Clip:
    """The clip with each sample times 10^(gain_db / 20)."""
    if gain_db == 0.0:
        return clip
    return replace(clip, samples=clip.samples * np.float32(10 ** (gain_db / 20)))


def limited(clips: Iterable[Clip], ceiling_db: float = -1.0) -> Iterator[Clip]:
    """The stream with no sample over `ceiling_db` of full scale; where none was, it stays bit-equal.

    The gain looks ahead, so a clip out ends LOOK_AHEAD_SEC before its clip in, and the last one brings
    the rest; it moves by at most 1 / (look-ahead in frames) from one sample to the next.
    """
    ceiling = float(np.float32(10 ** (ceiling_db / 20)))
    for sample_rate, run in groupby(clips, key=lambda clip: clip.sample_rate):
        yield from _limited_run(run, sample_rate, ceiling)


def _limited_run(clips: Iterable[Clip], sample_rate: int, ceiling: float) -> Iterator[Clip]:
    ahead = max(1, round(LOOK_AHEAD_SEC * sample_rate))
    hold = round(HOLD_SEC * sample_rate)
    before, after = hold + ahead - 1, ahead - 1
    timeline = Timeline(sample_rate, sample_rate)
    held = np.zeros(before, dtype=np.float32)
    for clip in clips:
        timeline.take(clip)
        held = np.concatenate((held, clip.samples))
        ready = len(held) - before - after
        if ready > 0:
            yield timeline.give(_turned_down(held, ceiling, ahead, hold))
            held = held[ready:]
    rest = timeline.give_last(_turned_down(np.pad(held, (0, after)), ceiling, ahead, hold))
    if rest is not None:
        yield rest


def _turned_down(samples: Samples, ceiling: float, ahead: int, hold: int) -> Samples:
    """The samples that have hold + ahead − 1 frames before them and ahead − 1 after, under the ceiling."""
    before, after = hold + ahead - 1, ahead - 1
    middle = samples[before : len(samples) - after]
    return (middle * _gain(samples, ceiling, ahead, hold)).astype(np.float32) if len(middle) else middle


def _gain(samples: Samples, ceiling: float, ahead: int, hold: int) -> NDArray[np.float64]:
    """A smooth gain for the middle of `samples` that is nowhere over what the ceiling allows.

    The lowest gain needed from `hold` behind to `ahead` in front, averaged over the last `ahead` of these:
    each of them saw the sample the average belongs to, so none, and not their mean, is over its need.
    """
    # Imported here: 0.2 s.
    from scipy.ndimage import minimum_filter1d

    needed = ceiling / np.maximum(np.abs(samples, dtype=np.float64), ceiling)
    window = hold + ahead
    lowest = minimum_filter1d(needed, window)[window // 2 :][: len(needed) - window + 1]
    sums = np.concatenate(([0.0], np.cumsum(lowest)))
    return (sums[ahead:] - sums[:-ahead]) / ahead
