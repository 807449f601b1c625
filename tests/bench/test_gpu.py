"""The tables that a GPU is for: all are made on a processor too, small, and need little else than torch."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from xml.etree import ElementTree as ET

import pytest
import torch
from chatterbox.models.voice_encoder import VoiceEncoder

from bench.curves import HEIGHT, WIDTH
from bench.gpu.__main__ import main
from bench.gpu.crowd import Crowd, Variant
from bench.gpu.floor import read_bytes, targets_ms
from bench.gpu.inventory.s3gen import heard, speaker, spoken
from bench.gpu.record import Record, Row
from bench.gpu.run import Run, measure, shares
from bench.gpu.setup import Setup, setup_of
from bench.gpu.speech_weights import drawn
from bench.gpu.tables import TABLES
from bench.gpu.weights import read_in_a_step, weights
from builder import upstream_modules as modules
from worker.engines.chatterbox.arithmetic.precision import REFERENCE, precision_of
from worker.engines.chatterbox.decoder.inventory import UNREAD, inventory
from worker.engines.chatterbox.member import MEMBERS

REPOSITORY = Path(__file__).parents[2]
CPU = torch.device("cpu")
SMALL = ("--device", "cpu", "--small")
WHOLE = ("sound", "first_audio", "start")
"""Tables of the worker's own engine."""
LIGHT = [name for name in TABLES if name not in WHOLE]
"""Those that need no checkpoint on the disk."""
SVG = "{http://www.w3.org/2000/svg}"
BARE = """
import importlib.metadata, re, sys

def needed(name, found):
    if name not in found:
        found.add(name)
        for line in importlib.metadata.requires(name) or ():
            if "extra ==" not in line and not line.startswith(("nvidia", "cuda", "triton")):
                needed(re.match(r"[\\w.-]+", line)[0].lower(), found)
    return found

allowed = {name.replace("-", "_") for name in needed("torch", set())} | {"torchgen", "functorch", "triton", "numpy"}
allowed |= {"worker", "bench", "__main__"} | sys.stdlib_module_names

class Refuse:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] not in allowed:
            raise ModuleNotFoundError(f"not on a bare machine: {name}", name=name)

sys.meta_path.insert(0, Refuse())
"""
"""Leaves Python nothing but its own library, torch with what it is made with, numpy, and this repository."""
DECODES = """
import torch
torch.set_num_threads(1)
import worker.engines.chatterbox.decoder.decoder
import bench.gpu.__main__
from bench.gpu.crowd import Crowd, variants
from bench.gpu.setup import setup_of
from bench.gpu.weights import weights

for name in ("original", "turbo"):
    setup = setup_of("cpu", [name], small=True)
    (member,) = setup.members
    for variant in variants(setup):
        crowd = Crowd(weights(member, setup.device), member, variant, setup, utterances=2, tokens=4)
        crowd.gather(2)
        crowd.steps(3)
        print(name, [len(slot.tokens) for slot in crowd.slots])
print([name for name in ("pydantic", "safetensors", "transformers", "chatterbox") if name in sys.modules])
"""


@pytest.fixture(scope="module", autouse=True)
def one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def folder(one_thread: None, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What a small run of all tables but one leaves."""
    out = tmp_path_factory.mktemp("gpu")
    main([*SMALL, "--members", "original", "turbo", "--only", *LIGHT, "--out", str(out)])
    return out


def rows_of(record: Record, table: str) -> list[Row]:
    return [line.row for line in record.lines() if line.table == table and line.row is not None]


def notes_of(record: Record, table: str) -> list[str]:
    return [line.note for line in record.lines() if line.table == table and line.note is not None]


def test_decoder_and_tables_need_nothing_but_torch_and_numpy() -> None:
    done = subprocess.run(
        [sys.executable, "-c", BARE + DECODES], cwd=REPOSITORY, capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 0, done.stderr
    *spoken, foreign = done.stdout.splitlines()
    assert {line.partition(" ")[0] for line in spoken} == {"original", "turbo"}
    assert all(line.endswith("[3, 3]") for line in spoken)
    assert foreign == "[]"


def test_a_bare_machine_refuses_what_is_not_torch() -> None:
    done = subprocess.run(
        [sys.executable, "-c", BARE + "import pydantic"], cwd=REPOSITORY, capture_output=True, text=True, check=False
    )
    assert "not on a bare machine: pydantic" in done.stderr


@pytest.mark.parametrize("name", MEMBERS)
def test_the_random_weights_are_those_that_upstreams_module_has(name: str) -> None:
    with torch.device("meta"):
        upstream = modules.t3(MEMBERS[name]).state_dict()
    read = {key: tuple(tensor.shape) for key, tensor in upstream.items() if not key.startswith(UNREAD)}
    assert inventory(MEMBERS[name]) == read


@pytest.mark.parametrize("blocks", [None, 1])
@pytest.mark.parametrize("name", ["original", "turbo"])
def test_the_inventory_of_s3gen_is_what_upstreams_module_has(name: str, blocks: int | None) -> None:
    member = replace(MEMBERS[name], blocks=blocks)
    with torch.device("meta"):
        upstream = modules.s3gen(member).state_dict()
    assert {**spoken(member), **heard(member)} == {key: tuple(tensor.shape) for key, tensor in upstream.items()}


def test_the_inventory_of_the_voice_encoder_is_what_upstreams_module_has() -> None:
    with torch.device("meta"):
        upstream = VoiceEncoder().state_dict()
    assert speaker() == {key: tuple(tensor.shape) for key, tensor in upstream.items()}


def test_drawn_weights_are_upstreams_in_kind_and_a_direction_has_its_own_length() -> None:
    member = replace(MEMBERS["nano"], blocks=1)
    found = drawn({**spoken(member), **heard(member)}, CPU)
    modules.s3gen(member).load_state_dict(found)
    stem = "mel2wav.conv_pre.parametrizations.weight.original"
    assert torch.equal(found[f"{stem}0"].flatten(), found[f"{stem}1"].flatten(1).norm(dim=1))
    assert all(tensor.isfinite().all() for tensor in found.values())


@pytest.mark.parametrize(("name", "millions"), [("original", 511.8), ("turbo", 309.0), ("nano", 90.1)])
def test_a_step_reads_the_trunk_and_the_speech_head(name: str, millions: float) -> None:
    assert read_in_a_step(MEMBERS[name]) / 1e6 == pytest.approx(millions, abs=0.1)


def test_what_a_step_reads_grows_with_rows_and_positions_and_shrinks_with_precision() -> None:
    original = MEMBERS["original"]
    half = precision_of("balanced", torch.device("cuda"))
    empty = read_bytes(original, half, rows=0, position=0)
    assert empty == 2 * read_in_a_step(original)
    assert read_bytes(original, half, rows=2, position=100) - empty == 2 * 100 * 122_880
    assert read_bytes(original, REFERENCE, rows=2, position=100) == 2 * read_bytes(original, half, rows=2, position=100)


def test_targets_are_those_of_one_utterance_and_of_many() -> None:
    assert targets_ms("original", 1, 0.25) == (1.0, 0.5)
    assert targets_ms("turbo", 64, 1.0) == (2.5, 1.5)
    assert targets_ms("turbo", 8, 1.0) == (None, None)
    assert targets_ms("nano", 1, 1.0) == (None, None)


def test_an_utterance_of_random_weights_never_stops_and_its_logits_are_finite() -> None:
    setup = setup_of("cpu", ["turbo"], small=True)
    (member,) = setup.members
    exact = Variant(precision=REFERENCE, graphs=False)
    crowd = Crowd(weights(member, CPU), member, exact, setup, utterances=1, tokens=60)
    slot = crowd.admit(crowd.prompt(), seed=1)
    crowd.steps(60)
    assert slot.end == "limit"
    assert len(set(slot.tokens)) > 30


@pytest.mark.parametrize("name", LIGHT)
def test_every_table_has_rows_with_the_columns_of_its_heading(name: str, folder: Path) -> None:
    record = Record(folder / "gpu.jsonl")
    assert not [note for note in notes_of(record, name) if "failed" in note or "early" in note]
    rows = rows_of(record, name)
    assert rows
    assert all(set(row) == set(TABLES[name].heading) for row in rows)


def test_every_member_is_in_every_table(folder: Path) -> None:
    record = Record(folder / "gpu.jsonl")
    for name in LIGHT[1:]:
        assert {row["member"] for row in rows_of(record, name)} == {"original", "turbo"}


def test_the_page_shows_every_row_of_the_record(folder: Path) -> None:
    record, page = Record(folder / "gpu.jsonl"), (folder / "gpu.md").read_text(encoding="utf-8")
    _, *parts = re.split(r"^## (.+)$", page, flags=re.MULTILINE)
    sections = dict(zip(parts[::2], parts[1::2], strict=True))
    for table in TABLES.values():
        shown = [line for line in sections[table.title].splitlines() if line.startswith("| ")]
        rows = rows_of(record, table.name)
        assert len(shown) == (1 + len(rows) if rows else 0)
        assert all(line.count(" | ") == len(table.heading) - 1 for line in shown)
    assert "not measured in this run" in sections[TABLES["sound"].title]


def test_in_single_precision_an_utterance_says_the_same_in_company_and_the_same_as_upstream(folder: Path) -> None:
    record = Record(folder / "gpu.jsonl")
    exact = [row for row in rows_of(record, "company") if row["precision"] == "reference"]
    assert exact
    assert all(row["equal"] == "yes" for row in exact)
    beside = [row for row in rows_of(record, "upstream") if row["ours: precision"] == "reference"]
    assert {(row["member"], row["same tokens as upstream"]) for row in beside} == {("original", 3), ("turbo", 3)}


def test_logits_differ_from_the_references_by_as_much_as_the_precision_leaves_out(folder: Path) -> None:
    bounds = {"reference": (0.0, 1e-5), "balanced": (0.0, 0.05), "fast": (1e-4, 0.2)}
    for row in rows_of(Record(folder / "gpu.jsonl"), "accuracy"):
        least, most = bounds[str(row["precision"])]
        assert isinstance(row["relative error"], float)
        assert least <= row["relative error"] <= most
        assert row["finite"] == "yes"


def test_pictures_are_drawn_again_from_a_record_alone(folder: Path, tmp_path: Path) -> None:
    main(["--draw", str(folder / "gpu.jsonl"), "--out", str(tmp_path)])
    assert (tmp_path / "gpu.md").read_text() == (folder / "gpu.md").read_text()
    for member in ("original", "turbo"):
        picture = ET.parse(tmp_path / f"gpu-{member}.svg").getroot()  # noqa: S314 - we wrote it
        words = {text.text for text in picture.iter(f"{SVG}text")}
        assert {"reference", "upstream", "floor, reference"} <= words
        for curve in picture.iter(f"{SVG}polyline"):
            for x, y in re.findall(r"([\d.-]+),([\d.-]+)", curve.attrib["points"]):
                assert 0 <= float(x) <= WIDTH
                assert 0 <= float(y) <= HEIGHT


@pytest.fixture(scope="module")
def spoken_for(one_thread: None, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What a small run of the tables of the worker's own engine leaves."""
    out = tmp_path_factory.mktemp("whole")
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("OMP_NUM_THREADS", "1")
        main([*SMALL, "--members", "nano", "--only", *WHOLE, "--out", str(out)])
    return out


@pytest.mark.parametrize("name", WHOLE)
def test_where_its_packages_are_the_workers_own_engine_is_measured(name: str, spoken_for: Path) -> None:
    record = Record(spoken_for / "gpu.jsonl")
    assert not [note for note in notes_of(record, name) if "failed" in note or "cannot" in note]
    rows = rows_of(record, name)
    assert rows
    assert all(set(row) == set(TABLES[name].heading) for row in rows)


def test_sound_is_measured_alone_among_others_and_as_a_long_text_in_both_precisions(spoken_for: Path) -> None:
    rows = rows_of(Record(spoken_for / "gpu.jsonl"), "sound")
    kinds = ("alone", "asked for at once", "a long text")
    assert [(row["precision"], row["what"]) for row in rows] == [
        (precision, kind) for precision in ("balanced", "reference") for kind in kinds
    ]
    for row in rows:
        assert isinstance(row["s"], float)
        assert isinstance(row["audio s"], float)
        assert row["RTF"] == pytest.approx(row["s"] / row["audio s"])
        assert row["audio s a s"] == pytest.approx(row["audio s"] / row["s"])


def test_the_first_audio_of_a_live_take_comes_before_all_of_it_is_said(spoken_for: Path) -> None:
    rows = rows_of(Record(spoken_for / "gpu.jsonl"), "first_audio")
    assert {row["voice"] for row in rows} == {"known", "new"}
    for row in rows:
        assert isinstance(row["p50 ms"], float)
        assert isinstance(row["all said after s"], float)
        assert row["p50 ms"] < 0.9e3 * row["all said after s"]


def test_a_start_is_told_phase_by_phase(spoken_for: Path) -> None:
    rows = rows_of(Record(spoken_for / "gpu.jsonl"), "start")
    assert [row["checkpoint"] for row in rows] == ["lean", "published"]
    for row in rows:
        phases = [row[name] for name in TABLES["start"].heading[3:8]]
        assert sum(float(str(phase)) for phase in phases) == pytest.approx(row["to first audio s"])


def test_drawn_checkpoints_are_removed_in_the_end(spoken_for: Path, tmp_path: Path) -> None:
    own = tmp_path / "own"
    main([*SMALL, "--members", "nano", "--only", "machine", "--out", str(tmp_path), "--checkpoints", str(own)])
    assert not own.exists()
    assert sorted(path.name for path in spoken_for.iterdir()) == ["gpu.jsonl", "gpu.md"]


@pytest.mark.parametrize(
    ("table", "missing"),
    [
        ("upstream", "chatterbox"),
        ("sound", "worker.engines.chatterbox.engine"),
        ("first_audio", "safetensors.torch"),
        ("start", "worker.settings"),
    ],
)
def test_where_packages_are_missing_the_table_says_which(
    table: str, missing: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in list(sys.modules):
        if name == missing or name.startswith(
            (f"{missing}.", "bench.gpu.whole", "bench.gpu.checkpoint", "bench.speaking")
        ):
            monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, missing, None)
    record = Record(tmp_path / "gpu.jsonl")
    measure(table, setup_of("cpu", ["nano"], small=True), record, seconds=60)
    (note,) = notes_of(record, table)
    assert "cannot be imported here" in note
    assert missing in note
    assert rows_of(record, table) == []


def test_without_its_package_s3gen_is_measured_and_the_watermark_is_not(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delitem(sys.modules, "worker.engines.chatterbox.watermark.watermark", raising=False)
    monkeypatch.setitem(sys.modules, "soxr", None)
    monkeypatch.delitem(sys.modules, "worker.audio.resample", raising=False)
    for name in [each for each in sys.modules if each.startswith("worker.engines.chatterbox.watermark")]:
        monkeypatch.delitem(sys.modules, name)
    record = Record(tmp_path / "gpu.jsonl")
    measure("rendering", setup_of("cpu", ["nano"], small=True), record, seconds=60)
    (note,) = notes_of(record, "rendering")
    assert "the watermark is not measured here" in note
    assert "soxr" in note
    assert {row["watermark ms a clip"] for row in rows_of(record, "rendering")} == {None}


def test_a_table_that_fails_says_so_and_the_next_one_is_measured(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def broken(setup: Setup) -> Iterator[Row | str]:
        yield {"member": "original", "ms a token": 1.0, "precision": "reference", "CUDA graphs": "no", "utterances": 1}
        raise RuntimeError("CUDA error:\n  out of luck")

    monkeypatch.setitem(TABLES, "steps", replace(TABLES["steps"], rows=broken))  # type: ignore[misc]
    main([*SMALL, "--only", "steps", "machine", "--out", str(tmp_path)])
    record = Record(tmp_path / "gpu.jsonl")
    assert notes_of(record, "steps") == ["failed here: RuntimeError: CUDA error: out of luck"]
    assert len(rows_of(record, "steps")) == 1
    assert rows_of(record, "machine")


def test_a_table_ends_early_when_its_time_is_over_and_keeps_what_it_has(tmp_path: Path) -> None:
    record = Record(tmp_path / "gpu.jsonl")
    measure("machine", setup_of("cpu", ["nano"], small=True), record, seconds=0)
    assert len(rows_of(record, "machine")) == 1
    (note,) = notes_of(record, "machine")
    assert note.startswith("ended early")


def test_a_run_without_time_measures_nothing_and_says_so(tmp_path: Path) -> None:
    main([*SMALL, "--minutes", "0", "--only", "machine", "steps", "--out", str(tmp_path)])
    record = Record(tmp_path / "gpu.jsonl")
    assert [line.note for line in record.lines()] == ["not measured: the run's 0 s were over"] * 2
    assert "not measured: the run's 0 s were over" in (tmp_path / "gpu.md").read_text(encoding="utf-8")


def test_time_that_one_table_spares_or_overdraws_is_shared_among_the_others(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    clock = SimpleNamespace(now_sec=0.0, monotonic=lambda: clock.now_sec)
    monkeypatch.setattr("bench.gpu.run.time", clock)
    each = shares(Run(tables=("machine", "memory", "machine"), seconds=90, folder=tmp_path))
    assert next(each) == ("machine", 30)
    clock.now_sec = 10.0
    assert next(each) == ("memory", 40)
    clock.now_sec = 70.0
    assert next(each) == ("machine", 20)


def test_what_was_measured_before_a_run_was_killed_is_read(tmp_path: Path) -> None:
    record = Record(tmp_path / "gpu.jsonl")
    record.add("machine", {"what": "device", "value": "a"})
    with record.path.open("a", encoding="utf-8") as file:
        file.write('{"table": "machine", "row": {"what": "dr')
    assert [line.row for line in record.lines()] == [{"what": "device", "value": "a"}]


def test_each_table_can_be_measured_in_a_process_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "gpu.jsonl").write_text(json.dumps({"table": "machine", "note": "of an earlier run"}) + "\n")
    main([*SMALL, "--members", "nano", "--apart", "--only", "machine", "--out", str(tmp_path)])
    record = Record(tmp_path / "gpu.jsonl")
    assert {"what": "torch", "value": torch.__version__} in rows_of(record, "machine")
    assert notes_of(record, "machine") == []
    assert "machine: " in (tmp_path / "gpu.log").read_text(encoding="utf-8")


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_without_a_gpu_it_says_so_and_ends() -> None:
    with pytest.raises(SystemExit) as ended:
        main([])
    assert "torch finds no GPU here" in str(ended.value.code)


def test_full_size_is_not_for_a_processor() -> None:
    with pytest.raises(SystemExit):
        main(["--device", "cpu"])
