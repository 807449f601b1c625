"""The picture of several curves is well-formed, inside its frame, and says which curve is which."""

from __future__ import annotations

import re
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from bench.curves import BOTTOM, HEIGHT, LEFT, RIGHT, TOP, WIDTH, Curve, Curves

SVG = "{http://www.w3.org/2000/svg}"


@pytest.mark.parametrize(("least", "most"), [(0.3, 0.4), (1.0, 1.0), (0.07, 800.0), (5.0, 50.0)])
def test_curves_stay_within_their_axes(least: float, most: float, tmp_path: Path) -> None:
    curve = Curve(name="a < b", colour="#000", points=[(1.0, most), (64.0, least)])
    path = Curves(title="t", across="x", up="y", curves=[curve]).write(tmp_path / "curves.svg")
    picture = ET.parse(path).getroot()  # noqa: S314 - we wrote it
    (drawn,) = picture.iter(f"{SVG}polyline")
    points = re.findall(r"([\d.-]+),([\d.-]+)", drawn.attrib["points"])
    assert len(points) == 2
    for x, y in points:
        assert LEFT <= float(x) <= WIDTH - RIGHT
        assert TOP <= float(y) <= HEIGHT - BOTTOM
    words = [text.text for text in picture.iter(f"{SVG}text")]
    assert {"a < b", "1", "64"} <= set(words)


def test_both_axes_are_logarithmic(tmp_path: Path) -> None:
    curve = Curve(name="n", colour="#000", points=[(1.0, 1.0), (2.0, 10.0), (4.0, 100.0)])
    path = Curves(title="t", across="x", up="y", curves=[curve]).write(tmp_path / "curves.svg")
    (first, second, third) = re.findall(r"([\d.]+),([\d.]+)", path.read_text(encoding="utf-8").split("polyline")[1])
    for axis in (0, 1):
        assert float(second[axis]) * 2 == pytest.approx(float(first[axis]) + float(third[axis]), abs=0.3)


def test_one_point_is_drawn_too(tmp_path: Path) -> None:
    curve = Curve(name="n", colour="#000", points=[(1.0, 3.0)], dashed=True)
    path = Curves(title="t", across="x", up="y", curves=[curve]).write(tmp_path / "curves.svg")
    assert "stroke-dasharray" in path.read_text(encoding="utf-8")
