"""The inventory: the tensors that a decoder reads of a member's checkpoint, by upstream's names, and their shapes."""

from __future__ import annotations

from collections.abc import Iterator

from worker.engines.chatterbox.member import PERCEIVED, SPEAKER_SIZE, Member

LLAMA_UNIT = 4096
"""Width inside a guided member's feed-forward unit (`LLAMA_520M_CONFIG_DICT` of chatterbox-tts)."""
TEXT_POSITIONS, SPEECH_POSITIONS = 2_050, 4_100
"""Rows of the guided members' tables of positions (`T3Config` of chatterbox-tts)."""
GPT2_POSITIONS = 8_196
"""Rows of the others' (`GPT2_MEDIUM_CONFIG` of chatterbox-tts)."""
GPT2_UNIT = 4
"""How much wider than itself its feed-forward unit is."""
UNREAD = ("text_head.", "tfmr.wte.", "tfmr.embed_tokens.")
"""A head for text and tables of words, which only training uses."""

Shape = tuple[int, ...]


def inventory(member: Member) -> dict[str, Shape]:
    """The shape of each tensor by its name."""
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
