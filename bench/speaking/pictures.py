"""The pictures: audio a second, and the wait for the first of it, over how many ask at once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from bench.curves import Curve, Curves
from bench.speaking.tables import TABLES, Row

COLOURS = {"reference": "#06c", "balanced": "#2a2", "fast": "#a3c"}
UPSTREAM = "#c22"
DRAWN = {
    "together": ("seconds of audio a second", "audio s per s", "upstream: audio s per s", "ours: audio s per s"),
    "first": ("seconds to the first audio, the middle one", "s", "upstream: p50 s", "ours: p50 s"),
}
"""By table: what is drawn, its axis, and the columns of both sides."""
ACROSS = "utterances asked for at once"


def draw(found: Mapping[str, Sequence[Row]], name: str, folder: Path) -> list[str]:
    """Draws each member's curves at `<name>_<member>_<table>.svg`; the lines of a page that show them."""
    lines = []
    for key in DRAWN.keys() & found.keys():
        for member in dict.fromkeys(row[0] for row in found[key]):
            curves = list(_curves(key, [row for row in found[key] if row[0] == member]))
            words, up, *_ = DRAWN[key]
            path = folder / f"{name}_{member}_{key}.svg"
            title = f"Chatterbox {member}: {words}"
            Curves(title=title, across=ACROSS, up=up, curves=curves).write(path)
            lines.append(f"![{title}]({path.name})")
    return sorted(lines)


def _curves(key: str, rows: Sequence[Row]) -> Iterator[Curve]:
    _, _, theirs, ours = DRAWN[key]
    precisions = list(dict.fromkeys(str(row[1]) for row in rows))
    shown = [_named(key, row) for row in rows]
    known = [row for row in shown if row.get("voice") != "new"]
    first = [row for row in known if row["precision"] == precisions[0]]
    yield Curve(name="upstream", colour=UPSTREAM, points=_points(first, theirs))
    for precision in precisions:
        own = [row for row in known if row["precision"] == precision]
        yield Curve(name=f"ours, {precision}", colour=COLOURS[precision], points=_points(own, ours))


def _named(key: str, row: Row) -> dict[str, object]:
    return dict(zip(TABLES[key].heading, row, strict=True))


def _points(rows: Sequence[Mapping[str, object]], column: str) -> list[tuple[float, float]]:
    return [(float(str(row["utterances"])), float(str(row[column]))) for row in rows]
