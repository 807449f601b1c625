from __future__ import annotations

import platform
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import pytest

from bench.table import save, surroundings, table, wants_saving


def test_columns_are_as_wide_as_their_widest_cell() -> None:
    assert table(("format", "s"), [("wav", 0.25), ("a long name", 12)]) == (
        "| format      | s     |\n|-------------|-------|\n| wav         | 0.250 |\n| a long name | 12    |"
    )


def test_a_table_without_rows_is_its_heading() -> None:
    assert table(("one", "two"), []) == "| one | two |\n|-----|-----|"


def test_rows_of_another_length_than_the_heading_are_an_error() -> None:
    with pytest.raises(ValueError, match="zip"):
        table(("one", "two"), [("only one", "two", "and three")])


def test_nothing_is_saved_unless_asked_for() -> None:
    assert not wants_saving(None, [])
    assert wants_saving(None, ["--save"])


def test_an_unknown_argument_ends_a_benchmark_before_it_begins() -> None:
    with pytest.raises(SystemExit):
        wants_saving(None, ["--safe"])


def test_a_saved_page_holds_the_table_and_how_to_make_it_again(tmp_path: Path) -> None:
    text = table(("format",), [("wav",)])
    page = save("file", text, ["numpy"], folder=tmp_path)
    assert page == tmp_path / "file.md"
    written = page.read_text(encoding="utf-8")
    assert written.startswith("# bench/file.py\n")
    assert surroundings(["numpy"]) in written
    assert "python -m bench.file --save" in written
    assert written.endswith(f"\n\n{text}\n")


def test_a_page_is_written_anew_each_time(tmp_path: Path) -> None:
    save("file", "the first table", [], folder=tmp_path)
    page = save("file", "the second table", [], folder=tmp_path)
    assert "first" not in page.read_text(encoding="utf-8")


def test_the_surroundings_name_date_machine_and_versions() -> None:
    found = surroundings(["numpy", "runpod"])
    assert found.startswith(f"{datetime.now(UTC).date().isoformat()}; ")
    assert f"Python {platform.python_version()}, numpy {version('numpy')}, runpod {version('runpod')}." in found
    assert surroundings([]).endswith(f" cores; Python {platform.python_version()}.")
