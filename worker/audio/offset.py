"""Offset: a clip whose silence is not at zero, which would thump wherever it begins and ends."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from worker.audio.clip import Clip

BLOCK_SEC = 0.05
"""Several periods of a low voice: through a Hann window, its mean is that of what lies under the voice."""
QUIET_SHARE = 0.1
"""The quietest blocks of speech are its pauses; what they lie at, beside what they sound like, is the offset."""
LEAST_OFFSET = 1e-3
"""−60 dB of full scale; the thump of less is not heard beside speech, and the clip stays bit-equal."""
STEADY_SHARE = 0.1
"""All blocks but this share lie at least half as far off as the offset: a slow swing of the voice does not."""


def centred(clip: Clip) -> Clip:
    """The clip with its silence at zero; unchanged where the offset is under LEAST_OFFSET or not steady."""
    offset = _offset(clip)
    if abs(offset) < LEAST_OFFSET:
        return clip
    return replace(clip, samples=clip.samples - np.float32(offset))


def _offset(clip: Clip) -> float:
    """Where the quietest blocks lie; 0 where the others do not agree."""
    block = max(1, round(BLOCK_SEC * clip.sample_rate))
    blocks = clip.samples[: len(clip.samples) // block * block].reshape(-1, block)
    if not len(blocks):
        return 0.0
    window = np.hanning(block + 2)[1:-1]
    means = blocks @ (window / window.sum())
    swings = blocks.std(axis=1, dtype=np.float64)
    quiet = np.argsort(swings, kind="stable")[: max(1, round(QUIET_SHARE * len(blocks)))]
    offset = float(np.median(means[quiet]))
    steady = float(np.quantile(means * np.sign(offset), STEADY_SHARE)) >= abs(offset) / 2
    return offset if steady else 0.0
