"""Attention that hears how far apart two frames are (appendix B of arXiv:1901.02860, in ESPnet's writing)."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from worker.engines.chatterbox.arithmetic.precision import as_type
from worker.engines.chatterbox.arithmetic.projection import Projection, projection
from worker.engines.chatterbox.flow.attention import block, by_head, heads, mean, product
from worker.engines.chatterbox.flow.frames import Frames
from worker.engines.chatterbox.flow.layers import linear
from worker.engines.chatterbox.flow.numbers import Numbers
from worker.engines.chatterbox.member import HEAD_SIZE
from worker.engines.chatterbox.tensors import Tensors

SCALE = HEAD_SIZE**-0.5
"""Of scores; a power of two, so that weights take it without rounding."""
PERIOD = 10_000.0


def distances(longest: int, width: int, device: torch.device) -> Tensor:
    """Waves for each distance from `longest` - 1 down to its negative: float32 `[2 · longest - 1, width]`."""
    distance = torch.arange(longest - 1, -longest, -1, device=device, dtype=torch.float32)[:, None]
    slower = torch.exp(torch.arange(0, width, 2, device=device, dtype=torch.float32) * -(math.log(PERIOD) / width))
    angles = distance * slower
    return torch.stack([angles.sin(), angles.cos()], dim=-1).flatten(1)


def within(table: Tensor, longest: int) -> Tensor:
    """The rows of a table that clips of up to `longest` frames need."""
    middle = len(table) // 2
    return table[middle - longest + 1 : middle + longest]


@dataclass(frozen=True, slots=True, kw_only=True)
class RelativeAttention:
    """One layer's."""

    qkv: Projection
    """Queries are scaled, and hold what they add for contents (upstream's `pos_bias_u`)."""
    positions: Projection
    turned: Tensor
    """What makes of those queries the ones for distances: `pos_bias_v` less `pos_bias_u`, `[width]`."""
    out: Projection

    @property
    def weight_bytes(self) -> int:
        """Of its matrices."""
        return self.qkv.weight_bytes + self.positions.weight_bytes + self.out.weight_bytes

    def mixed(self, given: Tensor, table: Tensor, frames: Frames) -> Tensor:
        """Values mixed for each row of `given` `[rows, width]`; `table` is `distances` of the longest clip."""
        qkv, far = self.qkv(given), self.positions(table)
        turned = qkv[:, : len(self.turned)] + self.turned
        mixed = [
            _clip(qkv[clip.start : clip.stop], turned[clip.start : clip.stop], within(far, clip.length))
            for clip in frames
        ]
        return mixed[0] if len(mixed) == 1 else torch.cat(mixed)


def relative_attention(tensors: Tensors, width: int, numbers: Numbers) -> RelativeAttention:
    """The one whose tensors these are."""
    weights = {name: tensors.take(f"linear_{name}.weight", width, width) for name in "qkv"}
    biases = {name: tensors.take(f"linear_{name}.bias", width) for name in "qkv"}
    content, distance = (tensors.take(f"pos_bias_{name}", width // HEAD_SIZE, HEAD_SIZE).flatten() for name in "uv")
    weights["q"], biases["q"] = SCALE * weights["q"], SCALE * (biases["q"] + content)
    return RelativeAttention(
        qkv=projection(torch.cat([*weights.values()]).t(), torch.cat([*biases.values()]), numbers.precision),
        positions=linear(tensors, "linear_pos", width, width, numbers, bias=False),
        turned=(SCALE * (distance - content)).to(numbers.inside),
        out=linear(tensors, "linear_out", width, width, numbers),
    )


def shifted(scores: Tensor, keys: int) -> Tensor:
    """Of `[…, n, keys + n - 1]`, scores by distance, those by key: row i begins n - 1 - i further right; a view."""
    queries, width = scores.shape[-2:]
    outer = scores.stride()[:-2]
    return scores.as_strided((*scores.shape[:-2], queries, keys), (*outer, width - 1, 1), queries - 1)


def _split(given: Tensor) -> Tensor:
    """By head: `[heads, n, 64]` of `[n, width]`."""
    return given.view(len(given), -1, HEAD_SIZE).transpose(0, 1)


def _clip(qkv: Tensor, turned: Tensor, far: Tensor) -> Tensor:
    if by_head(qkv, len(qkv)):
        return _heads(qkv, turned, far)
    query, key, value = qkv.view(len(qkv), 3, -1, HEAD_SIZE).permute(1, 2, 0, 3)
    scores = _split(turned) @ _split(far).transpose(1, 2)
    bias = shifted(scores, len(qkv))
    mixed = functional.scaled_dot_product_attention(query[None], key[None], value[None], bias[None], scale=1.0)
    return mixed[0].transpose(0, 1).flatten(1)


def _heads(qkv: Tensor, turned: Tensor, far: Tensor) -> Tensor:
    by_distance = [as_type(_split(each), torch.float32).contiguous() for each in (turned, far)]
    return torch.cat([_head(*each) for each in zip(*heads(qkv), *by_distance, strict=True)], dim=1)


def _head(queries: Tensor, keys: Tensor, values: Tensor, turned: Tensor, far: Tensor) -> Tensor:
    mixed, size, last = [], block(len(keys)), len(far)
    for start in range(0, len(queries), size):
        stop = min(start + size, len(queries))
        by_distance = product(turned[start:stop], far[len(keys) - stop : last - start])
        scores = product(queries[start:stop], keys).add_(shifted(by_distance, len(keys)))
        mixed.append(mean(scores, values))
    return mixed[0] if len(mixed) == 1 else torch.cat(mixed)
