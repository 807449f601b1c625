"""The tensors of a file are each taken by the part they are for, and what is wrong with them is told by name."""

from __future__ import annotations

import pytest
import torch

from worker.engines.chatterbox.tensors import ANY, Tensors
from worker.errors import EngineUnavailable

FOUND = {
    "net.layers.0.weight": torch.zeros(2, 3, dtype=torch.float16),
    "net.layers.10.weight": torch.zeros(2, 3),
    "net.steps": torch.tensor(3),
}


@pytest.fixture
def tensors() -> Tensors:
    return Tensors(FOUND, "some.safetensors")


def test_fractions_come_in_single_precision_and_counters_as_they_are(tensors: Tensors) -> None:
    net = tensors.under("net.")
    assert net.take("layers.0.weight", 2, 3).dtype == torch.float32
    assert net.take("steps").dtype == torch.int64


def test_a_length_may_be_the_files_to_decide(tensors: Tensors) -> None:
    assert tensors.take("net.layers.0.weight", ANY, 3).shape == (2, 3)


def test_layers_are_counted_by_their_numbers(tensors: Tensors) -> None:
    assert tensors.under("net.").layers("layers.") == 11
    assert tensors.layers("other.") == 0


def test_a_missing_one_is_named_with_its_file(tensors: Tensors) -> None:
    with pytest.raises(EngineUnavailable, match=r"some\.safetensors lacks net\.bias"):
        tensors.under("net.").take("bias", 2)


@pytest.mark.parametrize("shape", [(3, 2), (2,), (2, 3, 1)])
def test_another_shape_is_named(shape: tuple[int, ...], tensors: Tensors) -> None:
    with pytest.raises(EngineUnavailable, match=r"net\.layers\.0\.weight \[2, 3\] rather than"):
        tensors.take("net.layers.0.weight", *shape)


def test_what_nobody_took_is_named_wherever_it_was_looked_for(tensors: Tensors) -> None:
    tensors.under("net.").under("layers.").take("0.weight", 2, 3)
    with pytest.raises(EngineUnavailable, match=r"has net\.layers\.10\.weight, net\.steps, which"):
        tensors.finish()
    tensors.take("net.layers.10.weight", 2, 3)
    tensors.under("net.").take("steps")
    tensors.finish()
