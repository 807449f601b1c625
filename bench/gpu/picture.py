"""The picture: milliseconds a step over utterances side by side, with the floor, the targets and upstream, as SVG."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from xml.sax.saxutils import escape

from bench.gpu.record import Cell, Line, Row

WIDTH, HEIGHT = 860, 420
LEFT, RIGHT, TOP, BOTTOM = 70, 250, 40, 50
"""Margins around the axes, in pixels; the right one holds the names."""
COLOURS = {
    "reference": "#999",
    "balanced": "#06c",
    "fast": "#2a2",
    "upstream": "#c22",
    "target": "#f80",
    "moonshot": "#e5a",
}
NAMESPACE = "http://www.w3.org/2000/svg"
DECADE = 10.0


@dataclass(slots=True, kw_only=True)
class Curve:
    """Points that belong together."""

    colour: str
    dashed: bool = False
    points: dict[float, float] = field(default_factory=dict)
    """Milliseconds by utterances."""


def write(lines: Sequence[Line], member: str, path: Path) -> Path | None:
    """Draws one member's steps at `path`; none where none were measured."""
    curves = _curves(lines, member)
    if not curves:
        return None
    crowds = sorted({across for curve in curves.values() for across in curve.points})
    levels = [level for curve in curves.values() for level in curve.points.values()]
    low, high = DECADE ** math.floor(math.log10(min(levels))), DECADE ** math.ceil(math.log10(max(levels)))
    frame = Frame(most=max(crowds[-1], 2.0), low=low, high=max(high, low * DECADE))
    parts = [
        f'<svg xmlns="{NAMESPACE}" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif">',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>',
        _text((LEFT + WIDTH - RIGHT) / 2, 22, f"Chatterbox {member}: milliseconds a token", size=14),
        _text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 10, "utterances side by side"),
        *frame.grid(crowds),
    ]
    for place, (name, curve) in enumerate(curves.items()):
        parts += _drawn(frame, curve, name, TOP + 12 + 18 * place)
    path.write_text("\n".join([*parts, "</svg>"]) + "\n", encoding="utf-8")
    return path


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """Two logarithmic axes: from 1 to `most` across, from `low` to `high` up."""

    most: float
    low: float
    high: float

    def at(self, across: float, up: float) -> tuple[float, float]:
        """The place of a point, in pixels."""
        width, height = WIDTH - LEFT - RIGHT, HEIGHT - TOP - BOTTOM
        return (
            LEFT + math.log(across) / math.log(self.most) * width,
            HEIGHT - BOTTOM - math.log(up / self.low) / math.log(self.high / self.low) * height,
        )

    def grid(self, ticks: Sequence[float]) -> Iterator[str]:
        """Lines at 1, 2 and 5 of each decade, and the numbers at both axes."""
        for decade in range(round(math.log10(self.low)), round(math.log10(self.high)) + 1):
            for factor in (1, 2, 5):
                level = factor * DECADE**decade
                if level <= self.high * 1.001:
                    y = self.at(1, level)[1]
                    yield f'<path d="M{LEFT} {y:.1f}H{WIDTH - RIGHT}" stroke="#ddd"/>'
                    yield _text(LEFT - 8, y + 4, f"{level:g}", anchor="end")
        for tick in ticks:
            yield _text(self.at(tick, self.low)[0], HEIGHT - BOTTOM + 18, f"{tick:g}")


def _curves(lines: Sequence[Line], member: str) -> dict[str, Curve]:
    curves: dict[str, Curve] = {}
    for row in (line.row for line in lines if line.row is not None and line.row.get("member") == member):
        for name, colour, level, dashed in _levels(row):
            across = row.get("utterances", 1)
            if isinstance(level, float) and level > 0 and isinstance(across, int):
                curves.setdefault(name, Curve(colour=colour, dashed=dashed)).points[across] = level
    return curves


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


def _drawn(frame: Frame, curve: Curve, name: str, label_y: float) -> Iterator[str]:
    places = [frame.at(*point) for point in sorted(curve.points.items())]
    dash = ' stroke-dasharray="5 4"' if curve.dashed else ""
    points = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
    yield f'<polyline points="{points}" fill="none" stroke="{curve.colour}" stroke-width="2"{dash}/>'
    for x, y in places:
        yield f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{curve.colour}"/>'
    begin = WIDTH - RIGHT + 16
    yield f'<path d="M{begin} {label_y:.1f}h28" stroke="{curve.colour}" stroke-width="2"{dash}/>'
    yield _text(begin + 36, label_y + 4, name, anchor="start")


def _text(x: float, y: float, words: str, *, size: int = 12, anchor: str = "middle") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" text-anchor="{anchor}" fill="#222">{escape(words)}</text>'
