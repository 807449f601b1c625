"""The benchmark of text to sound runs on a small checkpoint, and its page says what a reader needs."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
import torch

from bench import chatterbox
from bench.speaking.figures import Heard, Spread, audio_sec, one_after_another
from bench.speaking.tables import TABLES

SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("results")
    before = torch.get_num_threads()
    chatterbox.main(["--crowds", "2", "1", "--threads", "1", "--small", "--save"], folder)
    torch.set_num_threads(before)
    return folder / "chatterbox.md"


def rows_of(page: Path, table: str) -> list[dict[str, str]]:
    """The rows of a table of the page, by the columns of its heading."""
    section = page.read_text(encoding="utf-8").split(f"## {TABLES[table].title}\n")[1].split("\n## ")[0]
    lines = [line for line in section.splitlines() if line.startswith("| ")]
    heading, *rows = ([cell.strip() for cell in line.strip("|").split("|")] for line in lines)
    return [dict(zip(heading, row, strict=True)) for row in rows]


@pytest.mark.parametrize("table", TABLES)
def test_every_table_has_rows_of_every_precision_under_its_heading(table: str, page: Path) -> None:
    rows = rows_of(page, table)
    assert tuple(rows[0]) == tuple(TABLES[table].heading)
    assert list(dict.fromkeys(row["precision"] for row in rows)) == ["reference", "balanced"]
    assert {row["member"] for row in rows} == {"nano"}


@pytest.mark.parametrize(
    ("table", "theirs", "ours", "ratio"),
    [
        ("alone", "upstream: s", "ours: s", "upstream : ours"),
        ("together", "ours: audio s per s", "upstream: audio s per s", "ours : upstream"),
        ("first", "upstream: p50 s", "ours: p50 s", "upstream : ours"),
        ("long", "upstream: s", "ours: s", "upstream : ours"),
    ],
)
def test_a_row_has_both_sides_and_how_many_times_better_ours_is(
    table: str, theirs: str, ours: str, ratio: str, page: Path
) -> None:
    for row in rows_of(page, table):
        assert float(row[ours]) > 0
        assert float(row[ratio]) == pytest.approx(float(row[theirs]) / float(row[ours]), rel=0.05)


def test_the_first_audio_is_measured_for_a_new_voice_and_for_a_known_one_in_every_crowd(page: Path) -> None:
    found = [(row["precision"], row["voice"], row["utterances"]) for row in rows_of(page, "first")]
    assert found == [
        (precision, *case)
        for precision in ("reference", "balanced")
        for case in (("new", "1"), ("known", "1"), ("known", "2"))
    ]


def test_pictures_show_both_sides_over_how_many_ask_at_once(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    for table in ("together", "first"):
        name = f"chatterbox_nano_{table}.svg"
        assert f"({name})" in text
        picture = ET.parse(page.parent / name).getroot()  # noqa: S314 - we wrote it
        assert {"upstream", "ours, reference", "ours, balanced"} <= {each.text for each in picture.iter(f"{SVG}text")}
        for curve in picture.iter(f"{SVG}polyline"):
            assert len(re.findall(r"[\d.]+,[\d.]+", curve.attrib["points"])) == 2


def test_of_many_asked_for_at_once_who_says_them_one_after_another_is_heard_that_late() -> None:
    assert [heard.last_sec for heard in one_after_another(2.0, 3)] == [2.0, 4.0, 6.0]
    assert one_after_another(2.0, 1) == [Heard(first_sec=2.0, last_sec=2.0)]


@pytest.mark.parametrize(
    ("seconds", "p50", "p95"),
    [([3.0], 3.0, 3.0), ([1.0, 9.0, 2.0], 2.0, 9.0), ([float(number) for number in range(1, 101)], 50.5, 95.0)],
)
def test_a_spread_is_the_median_and_what_95_percent_do_not_exceed(
    seconds: Sequence[float], p50: float, p95: float
) -> None:
    assert Spread.of(seconds) == Spread(p50=p50, p95=p95)


def test_a_speech_token_is_heard_for_forty_milliseconds() -> None:
    assert audio_sec(250) == pytest.approx(10.0)
