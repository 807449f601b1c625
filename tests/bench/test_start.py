"""The benchmark of a start: phases that add up, memory of the process itself, and failures that are told."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from bench import start
from bench.starting.process import PHASES, Start, started
from worker.engines.chatterbox.member import MEMBERS


@pytest.fixture(scope="module")
def rows(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, str]]:
    folder = tmp_path_factory.mktemp("results")
    ballast = np.ones(2**28, dtype=np.uint8)  # a quarter of a GiB that no process begun here is to be charged with
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("OMP_NUM_THREADS", "1")
        start.main(["--small", "--runs", "1", "--save"], folder)
    assert ballast.all()
    lines = [line for line in (folder / "start.md").read_text(encoding="utf-8").splitlines() if line.startswith("| ")]
    heading, *found = ([cell.strip() for cell in line.strip("|").split("|")] for line in lines)
    assert tuple(heading) == start.HEADING
    return [dict(zip(heading, row, strict=True)) for row in found]


def test_upstream_and_ours_with_each_checkpoint_have_a_row(rows: list[dict[str, str]]) -> None:
    assert [(row["side"], row["checkpoint"], row["precision"]) for row in rows] == [
        ("upstream", "published", "reference"),
        ("ours", "published", "reference"),
        ("ours", "lean", "reference"),
        ("ours", "lean, half", "balanced"),
    ]


def test_phases_add_up_to_the_first_audio_and_the_ratio_is_upstreams(rows: list[dict[str, str]]) -> None:
    theirs = float(rows[0]["to first audio s"])
    for row in rows:
        phases = ("interpreter s", "imports s", "checkpoint s", "engine ready s", "first audio s")
        assert sum(float(row[name]) for name in phases) == pytest.approx(float(row["to first audio s"]), abs=0.01)
        assert float(row["upstream : ours"]) == pytest.approx(theirs / float(row["to first audio s"]), rel=0.01)
        assert float(row["to end of utterance s"]) >= float(row["to first audio s"])


def test_memory_grows_with_what_is_read_and_is_the_process_s_own(rows: list[dict[str, str]]) -> None:
    for row in rows:
        assert 100 < float(row["MiB when ready"]) <= float(row["MiB in the end"])
    peaks = [float(row["MiB when ready"]) for row in rows]
    assert len(set(peaks)) == len(peaks)  # what a parent leaves behind would be the same of each


def test_a_median_is_taken_phase_by_phase() -> None:
    each = [
        Start(took_sec=dict.fromkeys(PHASES, sec), peak_mib=dict.fromkeys(PHASES, mib))
        for sec, mib in ((1.0, 30.0), (2.0, 10.0), (9.0, None))
    ]
    median = Start.median(each)
    assert median.took_sec == dict.fromkeys(PHASES, 2.0)
    assert median.peak_mib == dict.fromkeys(PHASES, 20.0)
    assert median.reached_sec("imports") == pytest.approx(4.0)


def test_a_start_that_fails_says_why(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match=r"(?s)ours, nano: its process failed: .*TTS_MODELS_DIR"):
        started("ours", MEMBERS["nano"], tmp_path)
