"""From a text to a finished waveform, through the worker's own engine, where its packages are installed."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from typing import Any

from bench.gpu.record import Row
from bench.gpu.setup import Setup

HEADING = (
    *("member", "precision", "what", "utterances", "audio s", "s", "RTF", "audio s a s"),
    *("p50 s", "p95 s", "first audio s"),
)
WHOLE, FIGURES = "bench.gpu.whole", "bench.speaking.figures"
SHORT, TOKENS, SMALL_TOKENS = 50, 250, 5
"""Two seconds, and ten."""
CROWDS = (4, 16, 64)
PAGES, SMALL_PAGES = 72, 3
"""Of ten seconds each: twelve minutes."""


def rows(setup: Setup) -> Iterator[Row | str]:
    """Alone, asked for at once, and a long text; watermark included; or why there is none of it."""
    try:
        whole, figures = (importlib.import_module(name) for name in (WHOLE, FIGURES))
    except ImportError as error:
        yield f"the engine cannot be imported here: {error}"
        return
    crowds = setup.crowds[1:] if setup.small else CROWDS
    with whole.watermark() as path:
        if path:
            yield "the watermark's weights are drawn: its package is not installed here"
        for member, precision, side in whole.engines(setup, utterances=crowds[-1]):
            for row in _measured(side, figures, setup, crowds):
                yield {"member": member.name, "precision": precision, **row}


def _measured(side: Any, figures: Any, setup: Setup, crowds: tuple[int, ...]) -> Iterator[Row]:
    tokens = SMALL_TOKENS if setup.small else TOKENS
    for alone in (SMALL_TOKENS,) if setup.small else (SHORT, TOKENS):
        yield _asked(side, figures, alone, 1, "alone")
    for count in crowds:
        yield _asked(side, figures, tokens, count, "asked for at once")
    pages = SMALL_PAGES if setup.small else PAGES
    heard = side.read(pages, tokens)
    audio_sec = pages * figures.audio_sec(tokens)
    yield _row("a long text", pages, audio_sec, heard.last_sec, first=heard.first_sec)


def _asked(side: Any, figures: Any, tokens: int, count: int, what: str) -> Row:
    """The second of two: whatever is made at the first of a size is made by then."""
    side.heard([side.voice] * count, tokens)
    heard = side.heard([side.voice] * count, tokens)
    spread = figures.Spread.of([each.last_sec for each in heard])
    taken_sec = max(each.last_sec for each in heard)
    first_sec = min(each.first_sec for each in heard)
    audio_sec = count * figures.audio_sec(tokens)
    return _row(what, count, audio_sec, taken_sec, first=first_sec, p50=spread.p50, p95=spread.p95)


def _row(
    what: str,
    utterances: int,
    audio_sec: float,
    taken_sec: float,
    *,
    first: float,
    p50: float | None = None,
    p95: float | None = None,
) -> Row:
    return {
        "what": what,
        "utterances": utterances,
        "audio s": audio_sec,
        "s": taken_sec,
        "RTF": taken_sec / audio_sec,
        "audio s a s": audio_sec / taken_sec,
        "p50 s": p50,
        "p95 s": p95,
        "first audio s": first,
    }
