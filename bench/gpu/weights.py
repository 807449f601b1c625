"""Random weights of a member's T3, drawn on the device: nothing is read, nothing but torch is needed."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from worker.engines.chatterbox.checkpoint import Weights
from worker.engines.chatterbox.decoder.inventory import Shape, inventory
from worker.engines.chatterbox.member import STOP_SPEECH, Member

LOGIT_SCALE = 5.0
"""Standard deviation of the speech logits: some tokens stand out, and none always wins."""
ATTENTION_SCALE = 1.0
"""Of queries and keys: attention that picked a few positions at random would make much of every rounding."""
BRANCH_SCALE = 0.5
"""What a layer adds, relative to what it is given: activations stay finite in every precision."""
NOISE = 0.05
"""Standard deviation of biases, and of norms around 1."""
SAID = "speech_head."
LOOKED_UP = ("tfmr.wpe.",)
"""Of the trunk: tables, of which a step reads a row."""


def weights(member: Member, device: torch.device, *, seed: int = 0) -> Weights:
    """Weights of the member with which it never stops speaking: single precision, on `device`."""
    chance = torch.Generator(device).manual_seed(seed)
    drawn = {name: _drawn(name, shape, chance) for name, shape in inventory(member).items()}
    drawn["speech_head.weight"][STOP_SPEECH:] = 0.0
    if "speech_head.bias" in drawn:
        drawn["speech_head.bias"][STOP_SPEECH:] = 0.0
    return drawn


def read_in_a_step(member: Member) -> int:
    """Weights that every step reads, whatever it says: those of the trunk and of the speech head."""
    return sum(
        math.prod(shape)
        for name, shape in inventory(member).items()
        if name.startswith(("tfmr.", SAID)) and not name.startswith(LOOKED_UP)
    )


def _drawn(name: str, shape: Shape, chance: torch.Generator) -> Tensor:
    values = torch.empty(shape, device=chance.device).normal_(generator=chance)
    if len(shape) == 1:
        return values.mul_(NOISE).add_(1.0 if name.endswith("weight") else 0.0)
    if "emb" in name or ".wpe" in name or "query" in name:
        return values.mul_(BRANCH_SCALE)
    inputs = shape[0] if name.startswith("tfmr.h.") else shape[1]
    return values.mul_(_gain(name) / math.sqrt(inputs))


def _gain(name: str) -> float:
    if name.startswith(SAID):
        return LOGIT_SCALE
    if any(part in name for part in ("q_proj", "k_proj", "c_attn")):
        return ATTENTION_SCALE
    return BRANCH_SCALE if name.startswith("tfmr") else 1.0
