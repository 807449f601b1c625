"""Stretching: tempo and pitch, each without the other."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from python_stretch.Signalsmith import Stretch

from worker.audio.clip import Clip, Samples

BLOCK_SEC = 0.120
"""Signalsmith's own default window, https://signalsmith-audio.co.uk/code/stretch/."""
INTERVAL_SEC = 0.015
"""Half its default hop: at tempo 0.25 a steady tone then keeps its level instead of wavering by 3 dB."""
SEED = 1
"""The library scatters phases at random at slow tempos; the same clip must give the same samples."""


def stretch(clip: Clip, *, tempo: float = 1.0, pitch_semitones: float = 0.0) -> Clip:
    """The clip spoken `tempo` times as fast and `pitch_semitones` higher; its length is exactly n / tempo."""
    if tempo <= 0:
        raise ValueError(f"a tempo must be over 0, not {tempo}")
    if tempo == 1.0 and pitch_semitones == 0.0:
        return clip
    return replace(
        clip,
        samples=_stretched(clip.samples, clip.sample_rate, tempo, pitch_semitones),
        words=tuple(replace(word, start_sec=word.start_sec / tempo) for word in clip.words),
    )


def _stretched(samples: Samples, sample_rate: int, tempo: float, pitch_semitones: float) -> Samples:
    frames = round(len(samples) / tempo)
    if not frames:
        return np.zeros(0, dtype=np.float32)
    block_frames = round(BLOCK_SEC * sample_rate)
    stretcher = Stretch(SEED)
    stretcher.configure(1, block_frames, round(INTERVAL_SEC * sample_rate))
    stretcher.setTimeFactor(tempo)
    stretcher.setTransposeSemitones(pitch_semitones)
    # A window of silence on either side: without it the library loses the first and last milliseconds.
    padded = np.pad(samples, block_frames)
    start = round(block_frames / tempo)
    stretched: Samples = np.asarray(stretcher.process(padded[np.newaxis]), dtype=np.float32)[0]
    return stretched[start : start + frames].copy()
