"""A block of the speech tokenizer: attention with a memory of what is near, then a unit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import torch
from torch import Tensor
from torch.nn import functional

from worker.engines.chatterbox.arithmetic.precision import REFERENCE
from worker.engines.chatterbox.arithmetic.projection import Projection, projection
from worker.engines.chatterbox.tensors import Tensors

WIDTH = 1280
UNIT = 4 * WIDTH
HEAD_SIZE = 64
MEMORY = 31
"""Tokens that the memory of one reaches over, itself in the middle."""
NORM_EPSILON = 1e-5


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """One block; queries, keys and values come from a single projection."""

    before_attention: tuple[Tensor, Tensor]
    qkv: Projection
    memory: Tensor
    """`[31, 1280]`: what each value takes of its neighbours and itself."""
    out: Projection
    before_unit: tuple[Tensor, Tensor]
    up: Projection
    down: Projection

    @classmethod
    def of(cls, tensors: Tensors) -> Self:
        """Of the tensors of one block.

        Raises:
            EngineUnavailable: the file is of another model.

        """
        attention, unit = tensors.under("attn."), tensors.under("mlp.")
        return cls(
            before_attention=_norm(tensors, "attn_ln"),
            qkv=_qkv(attention),
            memory=_memory(attention),
            out=_projection(attention, "out", WIDTH, WIDTH),
            before_unit=_norm(tensors, "mlp_ln"),
            up=_projection(unit, "0", WIDTH, UNIT),
            down=_projection(unit, "2", UNIT, WIDTH),
        )

    def __call__(self, hidden: Tensor, lengths: Sequence[int], turns: Tensor) -> Tensor:
        """`hidden` `[n, 1280]` of stretches of these lengths, one behind the other; `turns` complex `[n, 32]`."""
        qkv = self.qkv(_normed(hidden, self.before_attention)).view(len(hidden), 3, -1, HEAD_SIZE)
        _turn(qkv[:, :2], turns)
        parts = torch.split(qkv, list(lengths))
        hidden = self.out.onto(hidden, torch.cat([_attended(part) for part in parts]))
        hidden += torch.cat([self._remembered(part[:, 2].flatten(1)) for part in parts])
        return self.down.onto(hidden, functional.gelu(self.up(_normed(hidden, self.before_unit))))

    def _remembered(self, values: Tensor) -> Tensor:
        """What is near each value. Sums of shifted rows: a convolution of each number takes seven times as long."""
        reach = MEMORY // 2
        padded = functional.pad(values, (0, 0, reach, reach))
        summed = torch.zeros_like(values, memory_format=torch.contiguous_format)
        for shift, weight in enumerate(self.memory):
            summed.addcmul_(padded[shift : shift + len(values)], weight)
        return summed


def _attended(qkv: Tensor) -> Tensor:
    """`[n, 1280]` of `[n, 3, 20, 64]`, all of them looking at all."""
    q, k, v = qkv.permute(1, 2, 0, 3)[:, None]
    return functional.scaled_dot_product_attention(q, k, v)[0].transpose(0, 1).flatten(1)


def _turn(pairs: Tensor, turns: Tensor) -> None:
    """Turns queries and keys, `[n, 2, 20, 64]`, in place."""
    complex_pairs = torch.view_as_complex(pairs.view(*pairs.shape[:-1], HEAD_SIZE // 2, 2))
    complex_pairs.mul_(turns[:, None, None])


def _normed(given: Tensor, norm: tuple[Tensor, Tensor]) -> Tensor:
    return functional.layer_norm(given, (WIDTH,), *norm, NORM_EPSILON)


def _norm(tensors: Tensors, name: str) -> tuple[Tensor, Tensor]:
    return tensors.take(f"{name}.weight", WIDTH), tensors.take(f"{name}.bias", WIDTH)


def _projection(tensors: Tensors, name: str, inputs: int, outputs: int) -> Projection:
    weight = tensors.take(f"{name}.weight", outputs, inputs)
    return projection(weight.t(), tensors.take(f"{name}.bias", outputs), REFERENCE)


def _qkv(attention: Tensors) -> Projection:
    """Rows of queries and keys are paired: what turns together are neighbours. Keys have no bias."""
    q, k, v = (attention.take(f"{name}.weight", WIDTH, WIDTH) for name in ("query", "key", "value"))
    q_bias, v_bias = (attention.take(f"{name}.bias", WIDTH) for name in ("query", "value"))
    bias = torch.cat([_paired(q_bias), torch.zeros_like(q_bias), v_bias])
    return projection(torch.cat([_paired(q), _paired(k), v]).t(), bias, REFERENCE)


def _memory(attention: Tensors) -> Tensor:
    """Each value is remembered as it is, beside what the filter makes of it."""
    memory = attention.take("fsmn_block.weight", WIDTH, 1, MEMORY)[:, 0].t().clone()
    memory[MEMORY // 2] += 1.0
    return memory


def _paired(rows: Tensor) -> Tensor:
    """Rows `[1280, …]` in the order in which the two numbers that turn together are neighbours."""
    return rows.view(-1, 2, HEAD_SIZE // 2, *rows.shape[1:]).transpose(1, 2).reshape(rows.shape)
