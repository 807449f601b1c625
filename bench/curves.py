"""A benchmark's picture of several named curves over two logarithmic axes, as SVG."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from xml.sax.saxutils import escape

WIDTH, HEIGHT = 760, 380
LEFT, RIGHT, TOP, BOTTOM = 70, 190, 40, 50
"""Margins around the axes, in pixels; names stand in the right one."""
NAMESPACE = "http://www.w3.org/2000/svg"
LINE = 18
"""Pixels between two names."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Curve:
    """Points, all above 0, that belong together."""

    name: str
    colour: str
    points: Sequence[tuple[float, float]]
    dashed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Curves:
    """Curves and what is written around them."""

    title: str
    across: str
    up: str
    curves: Sequence[Curve]

    def write(self, path: Path) -> Path:
        """Draws them at `path`."""
        parts = [
            f'<svg xmlns="{NAMESPACE}" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif">',
            f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>',
            _text((LEFT + WIDTH - RIGHT) / 2, 22, self.title, size=14),
            _text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 10, self.across),
            f'<g transform="rotate(-90 16 {HEIGHT / 2})">{_text(16, HEIGHT / 2, self.up)}</g>',
            *self._grid(),
            *(part for place, curve in enumerate(self.curves) for part in self._drawn(curve, place)),
            "</svg>",
        ]
        path.write_text("\n".join(parts) + "\n", encoding="utf-8")
        return path

    def _at(self, across: float, up: float) -> tuple[float, float]:
        """The place of a point, in pixels."""
        (left, right), (low, high) = (self._ends(axis) for axis in (0, 1))
        return (
            LEFT + math.log(across / left) / math.log(right / left) * (WIDTH - LEFT - RIGHT),
            HEIGHT - BOTTOM - math.log(up / low) / math.log(high / low) * (HEIGHT - TOP - BOTTOM),
        )

    def _ends(self, axis: int) -> tuple[float, float]:
        """Of an axis: what is shown across, and whole steps of 1, 2 and 5 around what is shown upwards."""
        shown = [point[axis] for curve in self.curves for point in curve.points]
        least, most = min(shown), max(shown)
        if axis == 0:
            return least, max(most, 2 * least)
        around = [*_round_numbers(least, most)]
        return around[0], around[-1]

    def _grid(self) -> Iterator[str]:
        for up in _round_numbers(*self._ends(1)):
            _, y = self._at(self._ends(0)[0], up)
            yield f'<path d="M{LEFT} {y:.1f}H{WIDTH - RIGHT}" stroke="#ddd"/>'
            yield _text(LEFT - 8, y + 4, f"{up:g}", anchor="end")
        for across in sorted({point[0] for curve in self.curves for point in curve.points}):
            x, _ = self._at(across, self._ends(1)[0])
            yield _text(x, HEIGHT - BOTTOM + 18, f"{across:g}")

    def _drawn(self, curve: Curve, place: int) -> Iterator[str]:
        dashes = ' stroke-dasharray="6 4"' if curve.dashed else ""
        style = f'fill="none" stroke="{curve.colour}" stroke-width="2"{dashes}'
        places = [self._at(*point) for point in curve.points]
        points = " ".join(f"{across:.1f},{up:.1f}" for across, up in places)
        x, y = WIDTH - RIGHT + 14, TOP + 12 + LINE * place
        yield f'<polyline points="{points}" {style}/>'
        for across, up in places:  # a curve of a single point has no line
            yield f'<circle cx="{across:.1f}" cy="{up:.1f}" r="3" fill="{curve.colour}"/>'
        yield f'<path d="M{x} {y - 4}H{x + 22}" {style}/>'
        yield _text(x + 28, y, curve.name, anchor="start")


def _round_numbers(least: float, most: float) -> Iterator[float]:
    """1, 2 and 5 of each decade, from the last at or below `least` to the first at or above `most`."""
    decades = range(math.floor(math.log10(least)) - 1, math.ceil(math.log10(most)) + 2)
    numbers = [factor * 10.0**decade for decade in decades for factor in (1, 2, 5)]
    first = max(number for number in numbers if number <= least)
    last = min(number for number in numbers if number >= most and number > first)
    return (number for number in numbers if first <= number <= last)


def _text(x: float, y: float, words: str, *, size: int = 12, anchor: str = "middle") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" text-anchor="{anchor}" fill="#222">{escape(words)}</text>'
