"""A file of tensors gives what was saved, one at a time, and keeps none of it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from worker.engines.chatterbox.tensor_file import SLICE_BYTES, TensorFile

SAVED = {
    "a.weight": torch.arange(12, dtype=torch.float32).view(3, 4),
    "a.bias": torch.tensor([1.5, -2.0], dtype=torch.bfloat16),
    "b.count": torch.tensor(7),
    "b.nothing": torch.empty(0, 3),
    "c.flags": torch.tensor([True, False]),
}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    save_file(SAVED, tmp_path / "some.safetensors", {"made by": "us"})
    return tmp_path / "some.safetensors"


def test_it_gives_what_was_saved(path: Path) -> None:
    found = TensorFile(path)
    assert found.metadata == {"made by": "us"}
    assert set(found) == set(SAVED)
    for name, tensor in SAVED.items():
        assert found[name].dtype == tensor.dtype
        assert found.shape(name) == tuple(tensor.shape)
        assert torch.equal(found[name], tensor)


def test_a_tensor_is_the_readers_own(path: Path) -> None:
    found = TensorFile(path)
    found["a.weight"].zero_()
    assert torch.equal(found["a.weight"], SAVED["a.weight"])


def test_only_what_is_wanted_is_there(path: Path) -> None:
    assert set(TensorFile(path, only=("a.", "b."), without=("a.b",))) == {"a.weight", "b.count", "b.nothing"}


def test_an_excerpt_is_of_the_middle(path: Path) -> None:
    found = TensorFile(path)
    assert found.excerpt("a.weight", 4).tolist() == [4, 5, 6, 7]
    assert found.excerpt("a.bias", 4).tolist() == [1.5, -2.0]
    assert found.excerpt("b.nothing", 4).tolist() == []


def test_fetching_reads_every_slice_of_a_large_file(tmp_path: Path) -> None:
    path = tmp_path / "large.safetensors"
    save_file({"large": torch.zeros(3 * SLICE_BYTES // 4 + 5)}, path)
    with path.open("rb") as file:
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
    TensorFile(path).fetch()
    assert not TensorFile(path)["large"].any()


@pytest.mark.parametrize(
    "header",
    [
        {"a": {"dtype": "F32", "shape": [2], "data_offsets": [0, 4]}},
        {"a": {"dtype": "F32", "shape": [2], "data_offsets": [-8, 0]}},
        {"a": {"dtype": "F32", "shape": [-2], "data_offsets": [0, -8]}},
        {"a": {"dtype": "Q4", "shape": [2], "data_offsets": [0, 8]}},
        {"a": {"dtype": "F32", "shape": [2], "data_offsets": [8, 16]}},
        {"a": {"dtype": "F32", "shape": [2]}},
        {"a": 3},
    ],
)
def test_a_header_that_cannot_be_is_refused_before_anything_is_read(header: object, tmp_path: Path) -> None:
    text = json.dumps(header).encode()
    (tmp_path / "x.safetensors").write_bytes(len(text).to_bytes(8, "little") + text + bytes(8))
    with pytest.raises(ValueError, match=r"cut short|what cannot be"):
        TensorFile(tmp_path / "x.safetensors")


@pytest.mark.parametrize("content", [b"", b"\xff" * 7, b"\xff" * 64, bytes(64)])
def test_what_is_no_such_file_is_refused(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "x.safetensors").write_bytes(content)
    with pytest.raises(ValueError, match="no header"):
        TensorFile(tmp_path / "x.safetensors")


def test_a_file_that_becomes_shorter_is_an_error_and_no_crash(path: Path) -> None:
    found = TensorFile(path)
    os.truncate(path, path.stat().st_size - 60)
    with pytest.raises(OSError, match="shorter"):
        dict(found)


MEASURE = """
import resource, sys
from pathlib import Path
from worker.engines.chatterbox.tensor_file import TensorFile
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
found = TensorFile(Path(sys.argv[1]))
found.fetch()
total = sum(float(found[name].sum()) for name in found)
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""


def test_memory_holds_one_tensor_at_a_time_and_no_pages_of_the_file(tmp_path: Path) -> None:
    path = tmp_path / "many.safetensors"
    save_file({str(number): torch.zeros(2**22) for number in range(12)}, path)
    measured = subprocess.run([sys.executable, "-c", MEASURE, str(path)], check=True, capture_output=True, text=True)
    assert int(measured.stdout) * 1024 < 0.5 * path.stat().st_size
