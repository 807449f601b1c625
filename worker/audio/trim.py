"""Trimming: the silence before and after speech."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from worker.audio.clip import Clip, Samples

BLOCK_SEC = 0.005
"""Loudness is looked at in blocks: single samples of a hiss are four times as high as the hiss is loud."""
LEAST_SHARE, FLOOR_SHARE = 0.02, 0.1
"""A tenth of what an engine says is pauses and closures, where its noise can be heard alone."""
FLOOR_MARGIN_DB = 6.0
"""What is no louder than this over the noise is noise."""
LOUDEST_FLOOR_DB = -42.0
"""Under the loudest block, noise above this may as well be a soft consonant, and stays."""


def trim(clip: Clip, *, threshold_db: float = -50.0, keep_sec: float = 0.03) -> Clip:
    """The clip without the silence at its ends, save `keep_sec` of it; silence inside stays.

    Silence is what lies under `threshold_db`, relative to the clip's loudest 5 ms, or hardly over the clip's own
    noise. A clip of nothing but zeros comes back as it is, for the caller to judge.
    """
    loud = _loud(clip, threshold_db)
    if not len(loud):
        return clip
    kept_frames = round(keep_sec * clip.sample_rate)
    start = max(0, int(loud[0]) - kept_frames)
    end = min(len(clip.samples), int(loud[-1]) + 1 + kept_frames)
    start_sec, duration_sec = start / clip.sample_rate, (end - start) / clip.sample_rate
    words = tuple(
        replace(word, start_sec=min(max(word.start_sec - start_sec, 0.0), duration_sec)) for word in clip.words
    )
    return replace(clip, samples=clip.samples[start:end], words=words)


def _loud(clip: Clip, threshold_db: float) -> NDArray[np.int64]:
    """The frames of speech, in order; of those between the first and the last, not all are there."""
    block = max(1, round(BLOCK_SEC * clip.sample_rate))
    levels = _block_levels(clip.samples, block)
    threshold = _threshold(levels, threshold_db)
    blocks = np.flatnonzero((levels >= threshold) & (levels > 0))
    if not len(blocks):
        return blocks
    # A block that is loud as a whole has a sample that is.
    start, end = blocks[0] * block, (blocks[-1] + 1) * block
    return np.asarray(start + np.flatnonzero(np.abs(clip.samples[start:end]) >= threshold))


def _block_levels(samples: Samples, block: int) -> NDArray[np.float64]:
    """The RMS of each block, float64; the last one is filled up with zeros."""
    blocks = np.pad(samples, (0, -len(samples) % block)).reshape(-1, block)
    return np.asarray(np.sqrt(np.mean(blocks.astype(np.float64) ** 2, axis=1)))


def _threshold(levels: NDArray[np.float64], threshold_db: float) -> float:
    if not len(levels):
        return 0.0
    loudest, margin = float(levels.max()), 10 ** (FLOOR_MARGIN_DB / 20)
    least, floor = (float(level) for level in np.quantile(levels, (LEAST_SHARE, FLOOR_SHARE)))
    # Noise is steady: soft speech is not, and its softest moment lies far under the rest of it.
    noise = floor * margin if floor <= least * margin else 0.0
    return max(loudest * 10 ** (threshold_db / 20), min(noise, loudest * 10 ** (LOUDEST_FLOOR_DB / 20)))
