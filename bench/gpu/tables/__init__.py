"""The tables, in the order of what they tell; each is measured lazily, row by row."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from bench.gpu.record import Row
from bench.gpu.setup import Setup
from bench.gpu.tables import (
    accuracy,
    company,
    first_audio,
    joining,
    launches,
    machine,
    memory,
    rendering,
    sound,
    start,
    steps,
    upstream,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """One question and how it is answered."""

    name: str
    title: str
    heading: tuple[str, ...]
    rows: Callable[[Setup], Iterator[Row | str]]
    """Its rows and notes, each measured when it is asked for."""
    share: int
    """Of the time, relative to the others."""


TABLES: Mapping[str, Table] = {
    table.name: table
    for table in (
        Table(name="machine", title="The machine", heading=machine.HEADING, rows=machine.rows, share=2),
        Table(name="steps", title="A step of T3", heading=steps.HEADING, rows=steps.rows, share=12),
        Table(
            name="upstream", title="Upstream's T3 beside ours", heading=upstream.HEADING, rows=upstream.rows, share=4
        ),
        Table(name="accuracy", title="What precision costs", heading=accuracy.HEADING, rows=accuracy.rows, share=3),
        Table(name="company", title="Tokens in company", heading=company.HEADING, rows=company.rows, share=3),
        Table(
            name="launches",
            title="What a token asks of the host",
            heading=launches.HEADING,
            rows=launches.rows,
            share=3,
        ),
        Table(name="joining", title="Joining a crowd", heading=joining.HEADING, rows=joining.rows, share=3),
        Table(name="memory", title="Memory", heading=memory.HEADING, rows=memory.rows, share=2),
        Table(name="rendering", title="S3Gen alone", heading=rendering.HEADING, rows=rendering.rows, share=5),
        Table(name="sound", title="From text to sound", heading=sound.HEADING, rows=sound.rows, share=12),
        Table(
            name="first_audio",
            title="The first audio, heard live",
            heading=first_audio.HEADING,
            rows=first_audio.rows,
            share=8,
        ),
        Table(name="start", title="The start of a process", heading=start.HEADING, rows=start.rows, share=6),
    )
}
