"""The trunk: what the few positions of a short job would hardly show."""

from __future__ import annotations

import pytest
import torch
from chatterbox.models.t3.llama_configs import LLAMA_CONFIGS
from transformers import LlamaConfig
from transformers.models.llama.modeling_llama import LlamaRotaryEmbedding

from builder.upstream_modules import t3
from tests.engines.chatterbox.conftest import SMALL
from worker.engines.chatterbox.arithmetic.precision import precision_of
from worker.engines.chatterbox.decoder.prefill import Prefill
from worker.engines.chatterbox.decoder.trunk import _rotations, _turn, gpt2, llama
from worker.engines.chatterbox.member import HEAD_SIZE

ROUNDING = 1e-3
"""Radians, of float32 angles up to the number of positions."""


def test_positions_turn_as_upstreams_do_also_far_out() -> None:
    theirs = LlamaRotaryEmbedding(LlamaConfig(**LLAMA_CONFIGS["Llama_520M"]))
    cosine, sine = theirs(torch.zeros(1), torch.arange(4000)[None])
    ours = _rotations(4000)
    torch.testing.assert_close(ours.real, cosine[0, :, :32], atol=ROUNDING, rtol=0)
    torch.testing.assert_close(ours.imag, sine[0, :, :32], atol=ROUNDING, rtol=0)


def test_turns_in_half_precision_are_those_of_single_rounded_once() -> None:
    pairs = torch.randn(2, 3, 2, 4, HEAD_SIZE, generator=torch.Generator().manual_seed(1)).bfloat16()
    turns = _rotations(40)[torch.tensor([[0, 5, 39]])][:, :, None, None]
    single = pairs.float()
    _turn(single, turns)
    _turn(pairs, turns)
    assert torch.equal(pairs, single.bfloat16())


@pytest.mark.parametrize("name", ["original", "turbo"])
@pytest.mark.parametrize(("precision", "computed"), [("reference", torch.float32), ("balanced", torch.bfloat16)])
def test_on_a_gpu_rows_are_computed_in_the_precision_of_the_weights(
    name: str, precision: str, computed: torch.dtype
) -> None:
    member, device = SMALL[name], torch.device("meta")  # computes nothing, and goes the way of a GPU
    with device:
        weights = t3(member).state_dict()
    kept = precision_of(precision, torch.device("cuda"))
    trunk = llama(weights, 8, kept) if member.guided else gpt2(weights, kept)
    nothing = torch.empty(member.layers, 0, 2, member.hidden // HEAD_SIZE, HEAD_SIZE, device=device, dtype=computed)
    made = trunk(torch.empty(1, 8, member.hidden, device=device), Prefill([nothing], [8]))
    assert made.dtype == computed
    assert trunk.layers[0].up.weight_bytes == weights[_unit(name)].numel() * computed.itemsize * (
        2 if member.guided else 1
    )


def _unit(name: str) -> str:
    return "tfmr.layers.0.mlp.up_proj.weight" if name == "original" else "tfmr.h.0.mlp.c_fc.weight"
