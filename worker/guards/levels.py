"""Jumps of level: inside an utterance, and between an utterance and its neighbours."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from worker.audio.clip import Clip
from worker.engines.base import Utterance, Verdict
from worker.guards.check import Finding, share
from worker.guards.frames import HOP_SEC, framed

SHORTEST_SIDE_SEC = 0.75
"""Speech on each side of a jump: less is a matter of which vowels it has."""
NEIGHBOURS = 2
"""On each side, in the order of the text."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LevelJump:
    """A voice that goes on much quieter, or louder, than it began."""

    name: str = "level_jump"
    most_db: float = 18.0
    """Speech rises and falls by less between any two parts: by 5 in most languages, in espeak's Hebrew by 15."""

    def judge(self, utterance: Utterance, clip: Clip, verdict: Verdict) -> Finding | None:  # noqa: ARG002 - the sound alone
        """How far apart the levels before and after any moment are."""
        jump_db = largest_jump_db(clip)
        if jump_db <= self.most_db:
            return None
        return Finding(name=self.name, severity=share(0.2 + (jump_db - self.most_db) / 30), detail={"jump_db": jump_db})


def largest_jump_db(clip: Clip) -> float:
    """The largest difference of mean level of the speech before a moment and after it."""
    frames = framed(clip)
    power = 10 ** (frames.levels_db[frames.sounding] / 10)
    side = round(SHORTEST_SIDE_SEC / HOP_SEC)
    if len(power) < 2 * side:
        return 0.0
    sums = np.cumsum(power)
    counts = np.arange(side, len(power) - side + 1)
    before = sums[counts - 1] / counts
    after = (sums[-1] - sums[counts - 1]) / (len(power) - counts)
    return float(np.abs(10 * np.log10(before / np.maximum(after, 1e-12))).max())


def out_of_line(levels_db: Sequence[float], *, most_db: float = 12.0) -> tuple[int, ...]:
    """Which utterances, in the order of the text, are further than `most_db` from the median of those around them.

    Utterances are rendered side by side, and some come from a cache: none knows its neighbours while it is judged.
    """
    found = []
    for index, level_db in enumerate(levels_db):
        around = levels_db[max(0, index - NEIGHBOURS) : index + 1 + NEIGHBOURS]
        if abs(level_db - float(np.median(around))) > most_db:
            found.append(index)
    return tuple(found)


def speech_level_db(clip: Clip) -> float:
    """The level of the loud part of a clip, in decibels of full scale: what `out_of_line` compares."""
    return framed(clip).speech_db
