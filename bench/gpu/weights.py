"""Random weights of a member's T3, drawn on the device: nothing is read, nothing but torch is needed."""

from __future__ import annotations

import math
from collections.abc import Iterator

import torch
from torch import Tensor

from worker.engines.chatterbox.checkpoint import Weights
from worker.engines.chatterbox.member import PERCEIVED, SPEAKER_SIZE, STOP_SPEECH, Member

LLAMA_UNIT = 4096
"""Width inside a guided member's feed-forward unit (`LLAMA_520M_CONFIG_DICT` of chatterbox-tts)."""
TEXT_POSITIONS, SPEECH_POSITIONS = 2_050, 4_100
"""Rows of the guided members' tables of positions (`T3Config` of chatterbox-tts)."""
GPT2_POSITIONS = 8_196
"""Rows of the others' (`GPT2_MEDIUM_CONFIG` of chatterbox-tts)."""
GPT2_UNIT = 4
"""How much wider than itself its feed-forward unit is."""
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

Shape = tuple[int, ...]


def shapes(member: Member) -> dict[str, Shape]:
    """The tensors that the decoder reads of the member's checkpoint, by upstream's names."""
    width = member.hidden
    return {
        "cond_enc.spkr_enc.weight": (width, SPEAKER_SIZE),
        "cond_enc.spkr_enc.bias": (width,),
        "text_emb.weight": (member.text_vocabulary, width),
        "speech_emb.weight": (member.speech_vocabulary, width),
        "speech_head.weight": (member.speech_vocabulary, width),
        **dict(_guided(width) if member.guided else _unguided(member)),
        **{
            f"tfmr.{'layers' if member.guided else 'h'}.{index}.{name}": shape
            for index in range(member.layers)
            for name, shape in (_llama_layer(width) if member.guided else _gpt2_layer(width))
        },
    }


def weights(member: Member, device: torch.device, *, seed: int = 0) -> Weights:
    """Weights of the member with which it never stops speaking: single precision, on `device`."""
    chance = torch.Generator(device).manual_seed(seed)
    drawn = {name: _drawn(name, shape, chance) for name, shape in shapes(member).items()}
    drawn["speech_head.weight"][STOP_SPEECH:] = 0.0
    if "speech_head.bias" in drawn:
        drawn["speech_head.bias"][STOP_SPEECH:] = 0.0
    return drawn


def read_in_a_step(member: Member) -> int:
    """Weights that every step reads, whatever it says: those of the trunk and of the speech head."""
    return sum(
        math.prod(shape)
        for name, shape in shapes(member).items()
        if name.startswith(("tfmr.", SAID)) and not name.startswith(LOOKED_UP)
    )


def _guided(width: int) -> Iterator[tuple[str, Shape]]:
    perceiver = "cond_enc.perceiver."
    yield "cond_enc.emotion_adv_fc.weight", (width, 1)
    yield f"{perceiver}pre_attention_query", (1, PERCEIVED, width)
    for name in ("to_q", "to_k", "to_v", "proj_out"):
        yield f"{perceiver}attn.{name}.weight", (width, width)
        yield f"{perceiver}attn.{name}.bias", (width,)
    for part in ("weight", "bias"):
        yield f"{perceiver}attn.norm.{part}", (width,)
    yield "text_pos_emb.emb.weight", (TEXT_POSITIONS, width)
    yield "speech_pos_emb.emb.weight", (SPEECH_POSITIONS, width)
    yield "tfmr.norm.weight", (width,)


def _unguided(member: Member) -> Iterator[tuple[str, Shape]]:
    yield "speech_head.bias", (member.speech_vocabulary,)
    yield "tfmr.wpe.weight", (GPT2_POSITIONS, member.hidden)
    for part in ("weight", "bias"):
        yield f"tfmr.ln_f.{part}", (member.hidden,)


def _llama_layer(width: int) -> Iterator[tuple[str, Shape]]:
    for name in "qkvo":
        yield f"self_attn.{name}_proj.weight", (width, width)
    for name in ("gate_proj", "up_proj"):
        yield f"mlp.{name}.weight", (LLAMA_UNIT, width)
    yield "mlp.down_proj.weight", (width, LLAMA_UNIT)
    for name in ("input_layernorm", "post_attention_layernorm"):
        yield f"{name}.weight", (width,)


def _gpt2_layer(width: int) -> Iterator[tuple[str, Shape]]:
    unit = GPT2_UNIT * width
    projections = {"attn.c_attn": 3 * width, "attn.c_proj": width, "mlp.c_fc": unit}
    for name, outputs in projections.items():
        yield f"{name}.weight", (width, outputs)
        yield f"{name}.bias", (outputs,)
    yield "mlp.c_proj.weight", (unit, width)
    yield "mlp.c_proj.bias", (width,)
    for name in ("ln_1", "ln_2"):
        for part in ("weight", "bias"):
            yield f"{name}.{part}", (width,)


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
