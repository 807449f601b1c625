"""The picture of a benchmark is well-formed, inside its frame, and has round numbers at its axes."""

from __future__ import annotations

import re
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from bench.plot import HEIGHT, WIDTH, Plot

SVG = "{http://www.w3.org/2000/svg}"


@pytest.mark.parametrize(("most", "last"), [(3.0, "3.0"), (170.0, "200.0"), (999.0, "1000.0"), (0.0, None)])
def test_axes_end_at_a_round_number_that_the_curve_stays_below(most: float, last: str | None, tmp_path: Path) -> None:
    points = [(float(moment), most * moment / 10) for moment in range(11)]
    path = Plot(title="a < b", across="seconds", up="MiB", points=points).write(tmp_path / "plot.svg")
    picture = ET.parse(path).getroot()  # noqa: S314 - we wrote it
    (curve,) = picture.iter(f"{SVG}polyline")
    for x, y in re.findall(r"([\d.-]+),([\d.-]+)", curve.attrib["points"]):
        assert 0 <= float(x) <= WIDTH
        assert 0 <= float(y) <= HEIGHT
    words = [text.text for text in picture.iter(f"{SVG}text")]
    assert "a < b" in words
    if last:
        assert float(last) in {float(word) for word in words if word and re.fullmatch(r"[\d.]+", word)}
