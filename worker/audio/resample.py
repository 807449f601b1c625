"""Resampling: another sample rate, the same sound."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import groupby

import numpy as np
import soxr

from worker.audio.clip import Clip
from worker.audio.timeline import Timeline

QUALITY = "HQ"
"""soxr's 20-bit setting: aliases lie 120 dB down, below the noise of 16-bit audio."""


def resample(clip: Clip, sample_rate: int) -> Clip:
    """The clip at `sample_rate` hertz; the clip itself if it is there already."""
    if clip.sample_rate == sample_rate:
        return clip
    samples = soxr.resample(clip.samples, clip.sample_rate, sample_rate, quality=QUALITY)
    return replace(clip, samples=samples, sample_rate=sample_rate)


def resampled(clips: Iterable[Clip], sample_rate: int) -> Iterator[Clip]:
    """The stream at `sample_rate` hertz, as if it had been one clip; clips already there pass untouched.

    Where the input's rate changes, the filter ends and starts anew. Each run of one rate keeps its length
    within a frame. The filter looks ahead, so a clip out may end a few milliseconds before its clip in.
    """
    for input_rate, run in groupby(clips, key=lambda clip: clip.sample_rate):
        if input_rate == sample_rate:
            yield from run
        else:
            yield from _resampled_run(run, input_rate, sample_rate)


def _resampled_run(clips: Iterable[Clip], input_rate: int, output_rate: int) -> Iterator[Clip]:
    stream = soxr.ResampleStream(input_rate, output_rate, 1, dtype="float32", quality=QUALITY)
    timeline = Timeline(input_rate, output_rate)
    for clip in clips:
        timeline.take(clip)
        samples = stream.resample_chunk(clip.samples)
        if len(samples):
            yield timeline.give(samples)
    rest = timeline.give_last(stream.resample_chunk(np.zeros(0, dtype=np.float32), last=True))
    if rest is not None:
        yield rest
