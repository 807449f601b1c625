"""A checkpoint that is not what it should be is refused, by the name of its file and of the tensor."""

from __future__ import annotations

import pickle
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from builder.random_checkpoint import write_s3gen, write_t3, write_voice_encoder
from builder.upstream_modules import loaded_s3gen
from worker.engines.chatterbox.checkpoint import SIZE_FILE, read, sized, t3_weights
from worker.engines.chatterbox.member import MEMBERS
from worker.errors import EngineUnavailable

NANO = replace(MEMBERS["nano"], layers=2, hidden=64, blocks=1)
MULTILINGUAL = replace(MEMBERS["multilingual"], layers=1, blocks=1)


@pytest.mark.parametrize("content", [None, b"", b"no tensors"])
@pytest.mark.parametrize("name", ["t3_nano_v1.safetensors", "ve.pt"])
def test_a_missing_or_damaged_file_is_named(content: bytes | None, name: str, tmp_path: Path) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(EngineUnavailable, match=name):
        read(tmp_path / name)


@pytest.mark.parametrize("write", [write_t3, write_voice_encoder])
def test_a_file_that_was_cut_short_is_named(write: object, tmp_path: Path) -> None:
    path = write(NANO, tmp_path)  # type: ignore[operator]  # both take a member and a folder
    path.write_bytes(path.read_bytes()[:-1000])
    with pytest.raises(EngineUnavailable, match=f"{path.name} is missing, cut short or damaged"):
        read(path)


def test_a_pt_file_that_would_run_code_is_refused_and_does_not_run_it(tmp_path: Path) -> None:
    class Hostile:
        def __reduce__(self) -> object:
            return (Path.touch, (tmp_path / "ran",))

    (tmp_path / "ve.pt").write_bytes(pickle.dumps({"weight": Hostile()}, protocol=2))
    with pytest.raises(EngineUnavailable, match=r"ve\.pt"):
        read(tmp_path / "ve.pt")
    torch.save({"weight": Hostile()}, tmp_path / "s3gen.pt")
    with pytest.raises(EngineUnavailable, match=r"s3gen\.pt"):
        read(tmp_path / "s3gen.pt")
    assert not (tmp_path / "ran").exists()


def test_a_missing_tensor_is_named(tmp_path: Path) -> None:
    changed(write_t3(NANO, tmp_path), drop="tfmr.h.1.mlp.c_fc.weight")
    with pytest.raises(EngineUnavailable, match=r"t3_nano_v1\.safetensors lacks tfmr\.h\.1\.mlp\.c_fc\.weight"):
        t3_weights(NANO, tmp_path)


def test_the_last_layer_missing_is_no_smaller_model(tmp_path: Path) -> None:
    write_t3(replace(NANO, layers=1), tmp_path)
    with pytest.raises(EngineUnavailable, match=r"lacks tfmr\.h\.1\."):
        t3_weights(NANO, tmp_path)


def test_another_models_file_is_refused(tmp_path: Path) -> None:
    write_t3(replace(NANO, hidden=128), tmp_path)
    with pytest.raises(EngineUnavailable, match=r"\[128\] rather than \[64\].*: it is of another model"):
        t3_weights(NANO, tmp_path)
    write_t3(NANO, tmp_path)
    changed(tmp_path / NANO.file, add="decoder.weight")
    with pytest.raises(EngineUnavailable, match=r"v1\.safetensors has decoder\.weight, which this model does not know"):
        t3_weights(NANO, tmp_path)


def test_what_speaking_never_reads_may_be_missing(tmp_path: Path) -> None:
    path = write_t3(NANO, tmp_path)
    changed(path, drop="text_head.weight")
    changed(path, drop="tfmr.wte.weight")
    assert "speech_head.weight" in t3_weights(NANO, tmp_path)


@pytest.mark.parametrize("member", [NANO, MULTILINGUAL], ids=["safetensors", "pt"])
def test_a_loaded_module_has_every_number_of_its_file(member: object, tmp_path: Path) -> None:
    path = write_s3gen(member, tmp_path)  # type: ignore[arg-type]  # parametrize knows no types
    module = loaded_s3gen(member, tmp_path)  # type: ignore[arg-type]
    weights = read(path)
    assert module.state_dict().keys() == weights.keys()
    assert all(torch.equal(tensor, weights[name]) for name, tensor in module.state_dict().items())
    assert not module.training
    assert not any(parameter.requires_grad for parameter in module.parameters())


def test_what_upstream_computes_itself_may_be_missing_and_is_then_right(tmp_path: Path) -> None:
    path = write_s3gen(NANO, tmp_path)
    expected = load_file(path)["tokenizer._mel_filters"]
    changed(path, drop="tokenizer._mel_filters")
    assert torch.equal(loaded_s3gen(NANO, tmp_path).state_dict()["tokenizer._mel_filters"], expected)


@pytest.mark.parametrize("content", ["", "{}", '{"layers": 1, "wide": 2}', "[]"])
def test_a_wrong_size_file_is_refused(content: str, tmp_path: Path) -> None:
    (tmp_path / SIZE_FILE).write_text(content)
    with pytest.raises(EngineUnavailable, match=SIZE_FILE):
        sized(NANO, tmp_path)


def changed(path: Path, *, drop: str | None = None, add: str | None = None) -> None:
    weights = load_file(path)
    if drop:
        del weights[drop]
    if add:
        weights[add] = torch.zeros(3)
    save_file(weights, path)
