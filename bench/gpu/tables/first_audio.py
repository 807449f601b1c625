"""How long somebody waits who listens while it is made: for a known voice, a new one, and among others."""

from __future__ import annotations

import importlib
from collections.abc import Iterator, Sequence
from typing import Any

from bench.gpu.record import Row
from bench.gpu.setup import Setup

HEADING = ("member", "precision", "voice", "utterances", "p50 ms", "p95 ms", "all said after s", "times")
WHOLE, FIGURES = "bench.gpu.whole", "bench.speaking.figures"
TOKENS, SMALL_TOKENS = 250, 20
CROWDS = (8, 32, 64)
REPEATS, NEW_REPEATS, SMALL_REPEATS = 12, 6, 1


def rows(setup: Setup) -> Iterator[Row | str]:
    """From `submit` of utterances of ten seconds to the first of each; or why there is none of it."""
    try:
        whole, figures = (importlib.import_module(name) for name in (WHOLE, FIGURES))
    except ImportError as error:
        yield f"the engine cannot be imported here: {error}"
        return
    yield "known: prepared before; new: ten seconds of recording come along and are enrolled first"
    crowds = setup.crowds[1:] if setup.small else CROWDS
    with whole.watermark():
        for member, precision, side in whole.engines(setup, utterances=crowds[-1]):
            for row in _measured(side, figures, setup, crowds):
                yield {"member": member.name, "precision": precision, **row}


def _measured(side: Any, figures: Any, setup: Setup, crowds: Sequence[int]) -> Iterator[Row]:
    tokens = SMALL_TOKENS if setup.small else TOKENS
    repeats, new_repeats = (SMALL_REPEATS, SMALL_REPEATS) if setup.small else (REPEATS, NEW_REPEATS)
    _live(side, [side.voice], tokens)
    yield _row(figures, "known", 1, [_live(side, [side.voice], tokens) for _ in range(repeats)])
    _live(side, [side.stranger()], tokens)
    yield _row(figures, "new", 1, [_live(side, [side.stranger()], tokens) for _ in range(new_repeats)])
    for count in crowds:
        _live(side, [side.voice] * count, tokens)
        yield _row(figures, "known", count, [_live(side, [side.voice] * count, tokens)])


def _live(side: Any, voices: Sequence[Any], tokens: int) -> Any:
    return side.heard(voices, tokens, live=True)


def _row(figures: Any, voice: str, count: int, runs: Sequence[Any]) -> Row:
    spread = figures.Spread.of([heard.first_sec for run in runs for heard in run])
    return {
        "voice": voice,
        "utterances": count,
        "p50 ms": 1e3 * spread.p50,
        "p95 ms": 1e3 * spread.p95,
        "all said after s": figures.Spread.of([max(heard.last_sec for heard in run) for run in runs]).p50,
        "times": len(runs),
    }
