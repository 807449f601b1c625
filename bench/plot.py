"""A benchmark's picture: one curve over two axes, as SVG, which needs no library to draw."""

from __future__ import annotations

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
        most_across, most_up = (max(point[axis] for point in self.points) * 1.05 or 1.0 for axis in (0, 1))

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
            across, up = most_across * tick / TICKS, most_up * tick / TICKS
            x, y = place(across, up)
            parts += [
                f'<path d="M{LEFT} {y:.1f}H{WIDTH - RIGHT}" stroke="#ddd"/>',
                _text(LEFT - 8, y + 4, f"{up:.0f}", anchor="end"),
                _text(x, HEIGHT - BOTTOM + 18, f"{across:.0f}"),
            ]
        parts.append(f'<polyline points="{curve}" fill="none" stroke="#06c" stroke-width="2"/></svg>')
        path.write_text("\n".join(parts) + "\n", encoding="utf-8")
        return path


def _text(x: float, y: float, words: str, *, size: int = 12, anchor: str = "middle") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" text-anchor="{anchor}" fill="#222">{escape(words)}</text>'
