"""The picture: milliseconds a step over utterances side by side, with the floor, the targets and upstream, as SVG."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from bench.curves import Curve, Curves
from bench.gpu.record import Cell, Line, Row

COLOURS = {
    "reference": "#999",
    "balanced": "#06c",
    "fast": "#2a2",
    "upstream": "#c22",
    "target": "#f80",
    "moonshot": "#e5a",
}


def write(lines: Sequence[Line], member: str, path: Path) -> Path | None:
    """Draws one member's steps at `path`; none where none were measured."""
    curves = _curves(lines, member)
    if not curves:
        return None
    title = f"Chatterbox {member}: milliseconds a token"
    return Curves(title=title, across="utterances side by side", up="ms a token", curves=curves).write(path)


def _curves(lines: Sequence[Line], member: str) -> list[Curve]:
    styles: dict[str, tuple[str, bool]] = {}
    points: dict[str, dict[float, float]] = {}
    for row in (line.row for line in lines if line.row is not None and line.row.get("member") == member):
        for name, colour, level, dashed in _levels(row):
            across = row.get("utterances", 1)
            if isinstance(level, float) and level > 0 and isinstance(across, int):
                styles.setdefault(name, (colour, dashed))
                points.setdefault(name, {})[across] = level
    return [
        Curve(name=name, colour=colour, dashed=dashed, points=sorted(points[name].items()))
        for name, (colour, dashed) in styles.items()
    ]


def _levels(row: Row) -> Iterator[tuple[str, str, Cell, bool]]:
    """The curves a row has a point of: name, colour, milliseconds, and whether it is a line to be reached."""
    if "ms a token" in row:
        precision, graphs = str(row["precision"]), row["CUDA graphs"] == "yes"
        yield precision + (", graphs" if graphs else ""), COLOURS[precision], row["ms a token"], not graphs
        if precision != "fast":
            yield f"floor, {precision}", "#000" if precision == "balanced" else "#bbb", row.get("floor ms"), True
        if precision == "balanced":
            yield "target", COLOURS["target"], row.get("target ms"), True
            yield "moonshot", COLOURS["moonshot"], row.get("moonshot ms"), True
    if "upstream: ms a token" in row:
        yield "upstream", COLOURS["upstream"], row["upstream: ms a token"], False
