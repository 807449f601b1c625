"""A benchmark's picture: one curve over two axes, as SVG, which needs no library to draw."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from xml.sax.saxutils import escape

WIDTH, HEIGHT = 720, 320
LEFT, RIGHT, TOP, BOTTOM = 70, 20, 40, 50
"""Margins around the axes, in pixels."""
TICKS = 5
NAMESPACE = "http://www.w3.org/2000/svg"


@dataclass(frozen=True, slots=True, kw_only=True)
class Plot:
    """A curve and what is written around it."""

    title: str
    across: str
    up: str
    points: Sequence[tuple[float, float]]

    def write(self, path: Path) -> Path:
        """Draws it at `path`; the upward axis begins at 0."""
        step_across, step_up = (_step(max(point[axis] for point in self.points)) for axis in (0, 1))
        most_across, most_up = TICKS * step_across, TICKS * step_up

        def place(across: float, up: float) -> tuple[float, float]:
            width, height = WIDTH - LEFT - RIGHT, HEIGHT - TOP - BOTTOM
            return LEFT + across / most_across * width, HEIGHT - BOTTOM - up / most_up * height

        curve = " ".join("{:.1f},{:.1f}".format(*place(*point)) for point in self.points)
        parts = [
            f'<svg xmlns="{NAMESPACE}" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif">',
            f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>',
            _text(WIDTH / 2, 22, self.title, size=14),
            _text(WIDTH / 2, HEIGHT - 10, self.across),
            f'<g transform="rotate(-90 16 {HEIGHT / 2})">{_text(16, HEIGHT / 2, self.up)}</g>',
        ]
        for tick in range(TICKS + 1):
            across, up = step_across * tick, step_up * tick
            x, y = place(across, up)
            parts += [
                f'<path d="M{LEFT} {y:.1f}H{WIDTH - RIGHT}" stroke="#ddd"/>',
                _text(LEFT - 8, y + 4, f"{up:g}", anchor="end"),
                _text(x, HEIGHT - BOTTOM + 18, f"{across:g}"),
            ]
        parts.append(f'<polyline points="{curve}" fill="none" stroke="#06c" stroke-width="2"/></svg>')
        path.write_text("\n".join(parts) + "\n", encoding="utf-8")
        return path


def _step(most: float) -> float:
    """The roundest number of which TICKS reach `most`."""
    power = 10.0 ** math.floor(math.log10(max(most, 1e-9) / TICKS))
    return next(factor * power for factor in (1, 2, 2.5, 4, 5, 10) if TICKS * factor * power >= most)


def _text(x: float, y: float, words: str, *, size: int = 12, anchor: str = "middle") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" text-anchor="{anchor}" fill="#222">{escape(words)}</text>'
