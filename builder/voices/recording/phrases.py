"""Phrases: the stretches of speech that a selection is put together from, each between two places to cut."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from builder.voices.recording.activity import (
    SMOOTHED_FRAMES,
    Activity,
    BoolArray,
    FloatArray,
    IntArray,
    frames,
    smoothed_dbfs,
)

LONGEST_SEC = 5.0
"""Speech that runs on for longer is cut where it is quietest: otherwise there would be little to choose from."""
EARLIEST_SEC = 3.0
"""Where in LONGEST_SEC such a cut may lie at the earliest."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Phrases:
    """In the order spoken."""

    starts: IntArray
    """The first frame of each, int64 [phrases]."""
    ends: IntArray
    """The frame behind the last of each, int64 [phrases]."""
    starts_in_pause: BoolArray
    """Whether there is a pause before it, bool [phrases]; else speech goes on there, or the recording begins."""
    ends_in_pause: BoolArray
    """Whether there is a pause behind it, bool [phrases]."""


def phrases(activity: Activity) -> Phrases:
    """The stretches of speech between pauses, the long ones cut at their quietest moments."""
    levels = smoothed_dbfs(activity.levels_dbfs, SMOOTHED_FRAMES)
    starts: list[int] = []
    ends: list[int] = []
    paused: list[tuple[bool, bool]] = []
    for start, end in zip(*activity.segments, strict=True):
        edges = [int(start), *_cuts(levels, int(start), int(end)), int(end)]
        starts += edges[:-1]
        ends += edges[1:]
        before = [start > 0] + [False] * (len(edges) - 2)
        behind = [False] * (len(edges) - 2) + [end < len(levels)]
        paused += zip(before, behind, strict=True)
    in_pause = np.array(paused, dtype=np.bool_)
    return Phrases(
        starts=np.array(starts), ends=np.array(ends), starts_in_pause=in_pause[:, 0], ends_in_pause=in_pause[:, 1]
    )


def _cuts(levels: FloatArray, start: int, end: int) -> list[int]:
    """Where speech without a pause is cut."""
    found = []
    while end - start > frames(LONGEST_SEC):
        earliest = start + frames(EARLIEST_SEC)
        start = earliest + int(np.argmin(levels[earliest : start + frames(LONGEST_SEC)]))
        found.append(start)
    return found
