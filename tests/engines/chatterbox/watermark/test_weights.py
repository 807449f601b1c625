"""The weights are found in the wheel, and what is wrong with them is said with what helps."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from worker.engines.chatterbox.tensors import ANY
from worker.engines.chatterbox.watermark import weights
from worker.engines.chatterbox.watermark.watermark import Watermark
from worker.errors import EngineUnavailable


@pytest.fixture
def encoder() -> dict[str, torch.Tensor]:
    """The tensors as they are."""
    found = weights.encoder_weights()
    return {f"encoder.{name}": found.take(name, *(ANY,) * (3 if name.endswith("weight") else 1)) for name in found}


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the file of a package would lie that is found as Perth's is, and has none."""
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(weights, "PACKAGE", "otherwise")
    file = tmp_path / "otherwise" / weights.FILE
    file.parent.mkdir(parents=True)
    (tmp_path / "otherwise" / "__init__.py").write_text("raise ImportError('this package is not to be imported')")
    return file


def test_a_wheel_that_is_not_installed_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(weights, "PACKAGE", "no_such_package")
    with pytest.raises(EngineUnavailable, match="pip install resemble-perth"):
        Watermark()


def test_another_package_of_the_same_name_is_not_taken_for_it(package: Path) -> None:
    with pytest.raises(EngineUnavailable, match="pip install resemble-perth"):
        Watermark()


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 and then nothing", b"not a checkpoint"])
def test_a_damaged_file_is_to_be_installed_again(content: bytes, package: Path) -> None:
    package.write_bytes(content)
    with pytest.raises(EngineUnavailable, match=r"is damaged: pip install --force-reinstall"):
        Watermark()


def test_a_file_with_nothing_of_a_model_is_damaged_too(package: Path) -> None:
    torch.save({"step": 1}, package)
    with pytest.raises(EngineUnavailable, match="is damaged"):
        Watermark()


def test_an_encoder_of_another_shape_is_said_to_be(package: Path) -> None:
    torch.save({"model": {"encoder.layers.0.conv.weight": torch.zeros(256, 100, 1)}}, package)
    with pytest.raises(EngineUnavailable, match=r"encoder\.layers\.0\.conv\.weight \[256, 100, 1\] rather than"):
        Watermark()


def test_an_encoder_with_more_than_ours_is_of_another_model(encoder: dict[str, torch.Tensor], package: Path) -> None:
    torch.save({"model": {**encoder, "encoder.layers.7.conv.bias": torch.zeros(128)}}, package)
    with pytest.raises(EngineUnavailable, match=r"encoder\.layers\.7\.conv\.bias, which this model does not know"):
        Watermark()


def test_only_what_the_encoder_has_is_read_and_all_of_it_is_used() -> None:
    names = set(weights.encoder_weights())
    assert len(names) == 14
    assert all(name.startswith("layers.") for name in names)
