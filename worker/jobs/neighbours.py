"""Neighbours: an utterance far from the level of those before it is told of, though it is brought to theirs."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import replace

import numpy as np

from worker.engines.base import Verdict
from worker.guards.levels import NEIGHBOURS, out_of_line, speech_level_db
from worker.takes.in_order import Spoken

NAME = "level_between"
"""What the check is called in a verdict."""
SHORTEST_SEC = 0.6
"""A shorter one may be a whisper or a shout, and has hardly a level."""


def compared(spoken: Iterable[Spoken]) -> Iterator[Spoken]:
    """The utterances of one voice as they are, with a word in the verdict of those that are out of line.

    They are compared with what came before alone, for nothing may wait for what comes after.
    """
    levels_db: deque[float] = deque(maxlen=NEIGHBOURS)
    for each in spoken:
        if not (each.begins and each.ends):
            yield each
            continue
        level_db = speech_level_db(each.clip)
        if each.clip.duration_sec < SHORTEST_SEC or not np.isfinite(level_db):
            yield each
            continue
        around = [*levels_db, level_db]
        strays = len(levels_db) == NEIGHBOURS and NEIGHBOURS in out_of_line(around)
        levels_db.append(level_db)
        yield replace(each, verdict=_with(each.verdict)) if strays else each


def _with(verdict: Verdict) -> Verdict:
    return replace(verdict, failed=(*verdict.failed, NAME))
