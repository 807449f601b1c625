"""The trunk: what the few positions of a short job would hardly show."""

from __future__ import annotations

import torch
from chatterbox.models.t3.llama_configs import LLAMA_CONFIGS
from transformers import LlamaConfig
from transformers.models.llama.modeling_llama import LlamaRotaryEmbedding

from worker.engines.chatterbox.decoder.trunk import _rotations

ROUNDING = 1e-3
"""Radians, of float32 angles up to the number of positions."""


def test_positions_turn_as_upstreams_do_also_far_out() -> None:
    theirs = LlamaRotaryEmbedding(LlamaConfig(**LLAMA_CONFIGS["Llama_520M"]))
    cosine, sine = theirs(torch.zeros(1), torch.arange(4000)[None])
    ours = _rotations(4000)
    torch.testing.assert_close(ours.real, cosine[0, :, :32], atol=ROUNDING, rtol=0)
    torch.testing.assert_close(ours.imag, sine[0, :, :32], atol=ROUNDING, rtol=0)
