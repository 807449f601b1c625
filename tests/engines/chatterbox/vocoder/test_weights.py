"""Filters are what torch's own modules compute with."""

from __future__ import annotations

import pytest
import torch
from torch import nn
from torch.nn.utils.parametrizations import weight_norm

from worker.engines.chatterbox.tensors import Tensors
from worker.engines.chatterbox.vocoder.convolution import Convolution
from worker.engines.chatterbox.vocoder.course import Course
from worker.engines.chatterbox.vocoder.weights import Filter


def drawn(*shape: int) -> torch.Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(2))


def under(module: nn.Module) -> Tensors:
    return Tensors({f"it.{name}": tensor for name, tensor in module.state_dict().items()}, "file")


def test_a_weight_in_two_parts_is_made_one() -> None:
    module = weight_norm(nn.Conv1d(4, 6, 3))
    module.parametrizations.weight.original0.data = drawn(6, 1, 1)
    assert torch.allclose(Filter.taken(under(module), "it", 6, 4, 3).weight, module.weight, atol=1e-6)


@pytest.mark.parametrize(("taps", "rate"), [(16, 8), (11, 5), (7, 3)])
@torch.inference_mode()
def test_a_widening_is_a_transposed_convolution(taps: int, rate: int) -> None:
    module = weight_norm(nn.ConvTranspose1d(4, 6, taps, rate, padding=(taps - rate) // 2))
    weights = Filter.widening(under(module), "it", 4, 6, taps, rate=rate)
    rows = drawn(9, 4)
    ours = Course(Convolution.of(weights, torch.float32)).push(rows, last=True).view(-1, 6)
    assert torch.allclose(ours, module(rows.t()[None])[0].t(), atol=1e-5)
