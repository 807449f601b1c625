"""What can be heard where one clip ends and another begins, in numbers."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from worker.audio.clip import Clip, Samples

NEAR_SEC = 0.005
"""A click lies this close to the seam."""
AROUND_SEC = 0.035
"""What it is compared with: so much of the sounds that were joined, as they were before."""
BURST_SEC = 0.001
FAINT = 10 ** (-70 / 20)
"""Nothing under this is heard beside speech."""
QUIET_DB = -34.0
"""Under the level of a clip's speech, what counts as silence at its edge."""
EDGE_SEC = 0.005
_SHORTEST = 6
"""Samples; fewer have no fourth difference."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Click:
    """How much sharper a seam is than the sounds it joins; over 0 dB it stands out."""

    step_db: float
    """Largest step from one sample to the next."""
    burst_db: float
    """Largest high-frequency energy (of the fourth difference) in a millisecond."""

    @property
    def worst_db(self) -> float:
        return max(self.step_db, self.burst_db)


def click_at(samples: Samples, frame: int, sample_rate: int, *, before: Samples, after: Samples) -> Click:
    """The click at a seam between `frame` − 1 and `frame`, where `before` was joined to `after`; silence is empty."""
    near, around = round(NEAR_SEC * sample_rate), round(AROUND_SEC * sample_rate)
    joint = np.pad(samples, near + 4)[frame : frame + 2 * near + 8]
    sources = [source for source in (before[-around:], after[:around]) if len(source) > _SHORTEST]
    return Click(
        step_db=_excess_db(joint, sources, sample_rate, order=1),
        burst_db=_excess_db(joint, sources, sample_rate, order=4),
    )


def chop_db(samples: Samples, loud: float, sample_rate: int) -> float:
    """The level of the last EDGE_SEC of `samples` over `loud`, an RMS: 0 where a vowel is cut off, −∞ for silence."""
    edge = samples[-round(EDGE_SEC * sample_rate) :]
    return 20 * math.log10(max(_rms(edge), FAINT) / loud)


def dip_db(samples: Samples, frame: int, sample_rate: int) -> float:
    """The level of the 16 ms around a seam over the softer of the 30 ms before and after them: 0 where it goes on.

    16 ms hold a whole period of a low voice, which by itself swings by 20 dB.
    """
    inner, outer = round(0.008 * sample_rate), round(0.038 * sample_rate)
    around = (samples[frame - outer : frame - inner], samples[frame + inner : frame + outer])
    softer = min(_rms(side) for side in around)
    return 20 * math.log10(max(_rms(samples[frame - inner : frame + inner]), FAINT) / max(softer, FAINT))


def speech_rms(clip: Clip) -> float:
    """The RMS of the louder half of a clip's 20 ms blocks; it has at least one."""
    block = max(1, round(0.02 * clip.sample_rate))
    blocks = clip.samples[: len(clip.samples) // block * block].astype(np.float64).reshape(-1, block)
    powers = np.sort(np.mean(blocks**2, axis=1))
    return math.sqrt(float(np.mean(powers[len(powers) // 2 :])))


def silent_edges_sec(clip: Clip) -> tuple[float, float]:
    """How long it is quiet before and after a clip's speech."""
    block = max(1, round(EDGE_SEC * clip.sample_rate))
    blocks = clip.samples[: len(clip.samples) // block * block].astype(np.float64).reshape(-1, block)
    rms = np.sqrt(np.mean((blocks - clip.samples.mean()) ** 2, axis=1))
    loud = np.flatnonzero(rms > speech_rms(clip) * 10 ** (QUIET_DB / 20))
    if not len(loud):
        return clip.duration_sec, clip.duration_sec
    return loud[0] * EDGE_SEC, (len(blocks) - 1 - loud[-1]) * EDGE_SEC


def offset_step(samples: Samples, frame: int, sample_rate: int) -> float:
    """The jump of the mean of 50 ms at a seam."""
    reach = round(0.05 * sample_rate)
    before, after = samples[max(0, frame - reach) : frame], samples[frame : frame + reach]
    return abs((float(before.mean()) if len(before) else 0.0) - (float(after.mean()) if len(after) else 0.0))


def _rms(samples: Samples) -> float:
    return math.sqrt(float(np.mean(samples.astype(np.float64) ** 2))) if len(samples) else 0.0


def _excess_db(joint: Samples, sources: list[Samples], sample_rate: int, *, order: int) -> float:
    loudest = max([FAINT, *(_sharpest(source, sample_rate, order) for source in sources)])
    return 20 * math.log10(max(_sharpest(joint, sample_rate, order), 1e-9) / loudest)


def _sharpest(samples: Samples, sample_rate: int, order: int) -> float:
    """The largest step, or the largest RMS of a higher difference over BURST_SEC."""
    bends = np.diff(samples.astype(np.float64), n=order)
    if order == 1:
        return float(np.abs(bends).max())
    window = min(max(2, round(BURST_SEC * sample_rate)), len(bends))
    return math.sqrt(float(np.convolve(bends**2, np.full(window, 1 / window), mode="valid").max()))
