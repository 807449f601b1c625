"""Cutting: a recording in pieces of a bounded length, each ending where it is quiet."""

from __future__ import annotations

import math

import numpy as np

from worker.audio.clip import Clip, Samples

FULLNESS = 0.9
"""How full of the bound pieces are on average, at most: the rest is room to look for a quiet moment."""
REACH = 0.3
"""How far from its place a cut may be moved, as a share of the piece."""
QUIET_SEC = 0.1
"""Length of the moment that is to be quiet: longer than the closure of a plosive, shorter than a pause."""
STEP_SEC = 0.01


def cut(clip: Clip, max_sec: float) -> list[Clip]:
    """Pieces of at most `max_sec` that, end to end, are the clip again, sample for sample; its words are dropped.

    Pieces are of about one length, so that none is too short to be understood.

    Raises:
        ValueError: no sample fits into `max_sec`.
    """
    max_frames = int(max_sec * clip.sample_rate)
    if max_frames < 1:
        raise ValueError("a piece must hold a sample")
    pieces, rest = [], clip.samples
    while len(rest) > max_frames:
        count = math.floor(len(rest) / (FULLNESS * max_frames)) + 1
        length = len(rest) / count
        earliest, latest = int((1 - REACH) * length), min(max_frames, int((1 + REACH) * length))
        end = max(1, earliest + _quietest(rest[earliest:latest], clip.sample_rate))
        pieces.append(rest[:end])
        rest = rest[end:]
    return [Clip(samples=samples, sample_rate=clip.sample_rate) for samples in (*pieces, rest)]


def _quietest(samples: Samples, sample_rate: int) -> int:
    """The middle of the quietest moment, in samples from the start."""
    step = max(1, round(STEP_SEC * sample_rate))
    window = round(QUIET_SEC / STEP_SEC)
    steps = samples[: len(samples) // step * step].reshape(-1, step)
    if len(steps) < window:
        return len(samples) // 2
    energies = np.einsum("ij,ij->i", steps, steps, dtype=np.float64)
    sums = np.convolve(energies, np.ones(window), mode="valid")
    return int(np.argmin(sums)) * step + window * step // 2
