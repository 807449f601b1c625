"""The benchmark of T3 runs on a small checkpoint, and its page says what a reader needs."""

from __future__ import annotations

import re
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
import torch

from bench import t3
from bench.speeds import Speeds


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("results")
    before = torch.get_num_threads()
    t3.main(["--members", "nano", "--batches", "2", "1", "--threads", "1", "--small", "--save"], folder)
    torch.set_num_threads(before)
    return folder / "t3.md"


def test_every_precision_and_batch_has_a_row_in_order(page: Path) -> None:
    rows = re.findall(r"^\| nano +\| (\w+) +\| (\d+) ", page.read_text(encoding="utf-8"), re.MULTILINE)
    assert rows == [(name, count) for name in ("reference", "balanced", "fast") for count in ("1", "2")]


def test_a_row_has_upstreams_and_our_milliseconds_and_a_floor_below_ours(page: Path) -> None:
    for line in page.read_text(encoding="utf-8").splitlines():
        if line.startswith("| nano"):
            upstream, ours, ratio, tokens, floor, share = (float(cell) for cell in line.split("|")[4:-1])
            assert ratio == pytest.approx(upstream / ours, rel=0.05)
            assert tokens == pytest.approx(1e3 / ours, rel=0.05)
            assert 0 < floor < ours
            assert share == pytest.approx(floor / ours, abs=0.02)


def test_the_page_says_how_busy_the_machine_was_and_shows_its_picture(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert "1 threads, wall clock" in text
    assert "load average" in text
    assert "![Milliseconds a token of nano](t3_nano.svg)" in text
    picture = ET.parse(page.parent / "t3_nano.svg").getroot()  # noqa: S314 - we wrote it
    names = {text.text for text in picture.iter("{http://www.w3.org/2000/svg}text")}
    assert {"upstream", "ours, fast", "floor, fast"} <= names


def test_a_floor_is_the_longer_of_reading_and_multiplying() -> None:
    speeds = Speeds(read=10.0, multiplied={"reference": 4.0, "balanced": 8.0, "fast": 16.0})
    assert speeds.floor_sec("reference", read=20.0, operations=4.0) == pytest.approx(2.0)
    assert speeds.floor_sec("reference", read=20.0, operations=12.0) == pytest.approx(3.0)
    assert speeds.floor_sec("fast", read=5.0, operations=32.0) == pytest.approx(2.0)
