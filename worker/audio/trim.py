"""Trimming: the silence before and after speech."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from worker.audio.clip import Clip


def trim(clip: Clip, *, threshold_db: float = -50.0, keep_sec: float = 0.03) -> Clip:
    """The clip without the silence at its ends, save `keep_sec` of it; silence inside stays.

    Silence is what lies under `threshold_db`, relative to the clip's peak. A clip of nothing but zeros
    comes back as it is, for the caller to judge.
    """
    level = np.abs(clip.samples)
    threshold = level.max(initial=0.0) * 10 ** (threshold_db / 20)
    loud = np.flatnonzero((level >= threshold) & (level > 0))
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
