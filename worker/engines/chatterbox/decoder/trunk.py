"""The trunk: a stack of transformer layers over rows of embeddings, as Llama or as GPT-2 has them."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from worker.engines.chatterbox.arithmetic.precision import REFERENCE, Precision
from worker.engines.chatterbox.arithmetic.projection import Projection, attending, between, projection
from worker.engines.chatterbox.checkpoint import Weights, fused, layers
from worker.engines.chatterbox.decoder.cache import Window
from worker.engines.chatterbox.member import HEAD_SIZE

NORM_EPSILON = 1e-5
ROPE_BASE = 500_000.0
ROPE_FACTOR = 8.0
ROPE_LOW, ROPE_HIGH = 1.0, 4.0
ROPE_TRAINED_LENGTH = 8192
"""Llama 3's rotary embedding, with the values of upstream's `LLAMA_520M_CONFIG_DICT`."""

Function = Callable[[Tensor], Tensor]


@dataclass(frozen=True, slots=True, kw_only=True)
class Layer:
    """One layer; the inputs of its attention come from a single projection, those of a gated unit too."""

    before_attention: Function
    qkv: Projection
    out: Projection
    before_unit: Function
    up: Projection
    activation: Function
    down: Projection


@dataclass(frozen=True, slots=True, kw_only=True)
class Trunk:
    """All layers, and what is done to the last one's output."""

    layers: Sequence[Layer]
    norm: Function
    rotations: Tensor | None
    """Llama's: complex `[position, 32]`; a model without has its positions added to its inputs."""
    computed: torch.dtype = torch.float32
    """Of what goes from layer to layer."""

    @property
    def weight_bytes(self) -> int:
        """Bytes of its matrices."""
        return sum(part.weight_bytes for each in self.layers for part in (each.qkv, each.out, each.up, each.down))

    def __call__(self, inputs: Tensor, window: Window) -> Tensor:
        """`inputs` `[rows, inputs, width]` through every layer and the last norm."""
        rows, count, width = inputs.shape
        turns = None if self.rotations is None else self.rotations[window.positions][:, :, None, None]
        hidden = inputs.reshape(-1, width)
        if hidden.dtype != self.computed:
            hidden = hidden.to(self.computed)
        for index, layer in enumerate(self.layers):
            qkv = layer.qkv(layer.before_attention(hidden)).view(rows, count, 3, -1, HEAD_SIZE)
            if turns is not None:
                _turn(qkv[:, :, :2], turns)
            hidden = layer.out.onto(hidden, window.attend(index, qkv).view(-1, width))
            hidden = layer.down.onto(hidden, layer.activation(layer.up(layer.before_unit(hidden))))
        return self.norm(hidden).view(rows, count, width)


def llama(weights: Weights, length: int, precision: Precision = REFERENCE) -> Trunk:
    """The trunk of the original and the multilingual model, for rows of up to `length` positions."""
    stem, device = "tfmr.layers.", weights["tfmr.norm.weight"].device
    computed = between(precision, device)
    return Trunk(
        layers=[
            _llama_layer(weights, f"{stem}{index}.", precision, computed) for index in range(layers(weights, stem))
        ],
        norm=_root_mean_square(weights["tfmr.norm.weight"].to(computed)),
        rotations=_rotations(length).to(device),
        computed=computed,
    )


def gpt2(weights: Weights, precision: Precision = REFERENCE) -> Trunk:
    """The trunk of Turbo and Nano."""
    stem, computed = "tfmr.h.", between(precision, weights["tfmr.ln_f.weight"].device)
    return Trunk(
        layers=[_gpt2_layer(weights, f"{stem}{index}.", precision, computed) for index in range(layers(weights, stem))],
        norm=_centred(weights, "tfmr.ln_f", computed),
        rotations=None,
        computed=computed,
    )


def _llama_layer(weights: Weights, stem: str, precision: Precision, computed: torch.dtype) -> Layer:
    attention, unit = f"{stem}self_attn.", f"{stem}mlp."
    turned = {name: _paired(weights[f"{attention}{name}_proj.weight"]) for name in "qk"}
    return Layer(
        before_attention=_root_mean_square(weights[f"{stem}input_layernorm.weight"].to(computed)),
        qkv=projection(
            fused({**turned, "v": weights[f"{attention}v_proj.weight"]}, *"qkv"), None, attending(precision)
        ),
        out=projection(weights[f"{attention}o_proj.weight"].t(), None, attending(precision)),
        before_unit=_root_mean_square(weights[f"{stem}post_attention_layernorm.weight"].to(computed)),
        up=projection(fused(weights, f"{unit}gate_proj.weight", f"{unit}up_proj.weight"), None, precision),
        activation=_gated,
        down=projection(weights[f"{unit}down_proj.weight"].t(), None, precision),
    )


def _gpt2_layer(weights: Weights, stem: str, precision: Precision, computed: torch.dtype) -> Layer:
    def named(name: str, kept: Precision) -> Projection:
        return projection(weights[f"{stem}{name}.weight"], weights[f"{stem}{name}.bias"], kept)

    return Layer(
        before_attention=_centred(weights, f"{stem}ln_1", computed),
        qkv=named("attn.c_attn", attending(precision)),
        out=named("attn.c_proj", attending(precision)),
        before_unit=_centred(weights, f"{stem}ln_2", computed),
        up=named("mlp.c_fc", precision),
        activation=_gelu,
        down=named("mlp.c_proj", precision),
    )


def _root_mean_square(weight: Tensor) -> Function:
    return lambda given: functional.rms_norm(given, weight.shape, weight, NORM_EPSILON)


def _centred(weights: Weights, name: str, computed: torch.dtype) -> Function:
    weight, bias = (weights[f"{name}.{part}"].to(computed) for part in ("weight", "bias"))
    return lambda given: functional.layer_norm(given, weight.shape, weight, bias, NORM_EPSILON)


def _turn(pairs: Tensor, turns: Tensor) -> None:
    """Turns queries and keys, `[rows, inputs, 2, heads, 64]`, in place; complex numbers are of single precision."""
    single = pairs if pairs.dtype == torch.float32 else pairs.float()
    torch.view_as_complex(single.view(*pairs.shape[:4], HEAD_SIZE // 2, 2)).mul_(turns)
    if single is not pairs:
        pairs.copy_(single)


def _gated(given: Tensor) -> Tensor:
    gate, value = given.chunk(2, dim=-1)
    return functional.silu(gate).mul_(value)


def _gelu(given: Tensor) -> Tensor:
    return functional.gelu(given, approximate="tanh")


def _paired(weight: Tensor) -> Tensor:
    """Rows reordered so that the two numbers that turn together are neighbours: one complex number."""
    return weight.view(-1, 2, HEAD_SIZE // 2, weight.shape[1]).transpose(1, 2).reshape(weight.shape)


def _rotations(length: int) -> Tensor:
    """The turn of each pair at each position: complex `[length, 32]` (`rope_type` "llama3" of transformers)."""
    frequencies = 1.0 / ROPE_BASE ** (torch.arange(0, HEAD_SIZE, 2).float() / HEAD_SIZE)
    turns = ROPE_TRAINED_LENGTH * frequencies / (2 * math.pi)
    kept = ((turns - ROPE_LOW) / (ROPE_HIGH - ROPE_LOW)).clamp(0, 1)
    frequencies = frequencies * (kept + (1 - kept) / ROPE_FACTOR)
    angles = torch.outer(torch.arange(length).float(), frequencies)
    return torch.polar(torch.ones_like(angles), angles)
