"""The tables: what an utterance takes alone, many at once, the first of it that is heard, and a long text."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from bench.speaking.case import Case
from bench.speaking.figures import Spread, audio_sec, one_after_another

Row = tuple[object, ...]
BEGINNING = ("member", "precision")
RATIO = "upstream : ours"


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """One question, and how a case answers it."""

    title: str
    heading: Sequence[str]
    rows: Callable[[Case], Iterator[Row]]


def _alone(case: Case) -> Iterator[Row]:
    for tokens in case.plan.alone:
        before = case.median(tokens).last_sec
        theirs = case.theirs.utterance_sec(tokens)
        ours, audio = (before + case.median(tokens).last_sec) / 2, audio_sec(tokens)
        yield *case.cells, audio, theirs, ours, theirs / audio, ours / audio, theirs / ours


def _together(case: Case) -> Iterator[Row]:
    tokens = case.plan.tokens
    each = case.theirs.utterance_sec(tokens)
    for count in case.plan.crowds:
        heard = case.ours.heard([case.ours.voice] * count, tokens)
        ours, audio = max(one.last_sec for one in heard), audio_sec(tokens) * count
        their = Spread.of([one.last_sec for one in one_after_another(each, count)])
        our = Spread.of([one.last_sec for one in heard])
        speeds = audio / (count * each), audio / ours
        yield *case.cells, count, *speeds, speeds[1] / speeds[0], their.p50, our.p50, their.p95, our.p95


def _first(case: Case) -> Iterator[Row]:
    tokens = case.plan.tokens
    enrolled = case.theirs.utterance_sec(tokens, stranger=True)
    new = case.median(tokens, live=True, strangers=True)
    yield *case.cells, "new", 1, enrolled, new.first_sec, new.first_sec, enrolled / new.first_sec, new.last_sec
    each = case.theirs.utterance_sec(tokens)
    for count in case.plan.crowds:
        heard = case.ours.heard([case.ours.voice] * count, tokens, live=True)
        theirs = Spread.of([one.first_sec for one in one_after_another(each, count)]).p50
        ours, last = Spread.of([one.first_sec for one in heard]), max(one.last_sec for one in heard)
        yield *case.cells, "known", count, theirs, ours.p50, ours.p95, theirs / ours.p50, last


def _long(case: Case) -> Iterator[Row]:
    plan = case.plan
    theirs = plan.pages * case.theirs.utterance_sec(plan.page)
    ours, audio = case.ours.read(plan.pages, plan.page), audio_sec(plan.page) * plan.pages
    row = audio / 60, plan.pages, theirs, ours.last_sec, theirs / ours.last_sec, audio / ours.last_sec, ours.first_sec
    yield *case.cells, *row


TABLES: Mapping[str, Table] = {
    "alone": Table(
        title="An utterance alone",
        heading=(*BEGINNING, "audio s", "upstream: s", "ours: s", "upstream: RTF", "ours: RTF", RATIO),
        rows=_alone,
    ),
    "together": Table(
        title="Utterances asked for at once",
        heading=(
            *(*BEGINNING, "utterances", "upstream: audio s per s", "ours: audio s per s", "ours : upstream"),
            *("upstream: p50 s", "ours: p50 s", "upstream: p95 s", "ours: p95 s"),
        ),
        rows=_together,
    ),
    "first": Table(
        title="The first audio, heard live",
        heading=(
            *(*BEGINNING, "voice", "utterances", "upstream: p50 s", "ours: p50 s", "ours: p95 s", RATIO),
            "ours: all said after s",
        ),
        rows=_first,
    ),
    "long": Table(
        title="A long text",
        heading=(
            *(*BEGINNING, "minutes", "utterances", "upstream: s", "ours: s", RATIO, "ours: audio s per s"),
            "ours: first audio s",
        ),
        rows=_long,
    ),
}
"""In the order in which they are measured."""
