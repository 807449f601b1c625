"""Attention of every frame to all frames of its own clip.

On a processor torch's fused attention multiplies at a third of the speed of oneDNN's matrix products, and they are half
of all the flow does. There each head is on its own: two products, and a softmax between them. Milliseconds for eight
heads of 64 on one core of an EPYC 9005:

| frames             | 600  | 1000 | 2000  |
|--------------------|------|------|-------|
| fused              |  9.8 | 24.5 |  95.4 |
| by head            |  6.8 | 16.4 |  59.0 |
| fused, bfloat16    | 10.5 | 26.2 | 105.3 |
| by head, bfloat16  |  5.6 | 14.1 |  54.1 |
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from worker.engines.chatterbox.arithmetic.precision import as_type
from worker.engines.chatterbox.flow.frames import Clip, Frames
from worker.engines.chatterbox.member import HEAD_SIZE

FUSED_UNTIL = 192
"""Frames up to which a clip's heads are done at once on a processor, too: calls cost more than products there."""
SCORES = 2**19
"""Scores of frames at a time, which then stay in a core's cache."""


def attended(qkv: Tensor, frames: Frames) -> Tensor:
    """Values mixed for each frame: `[rows, width]` of `[rows, 3 · width]`; queries are scaled already."""
    copies = qkv.view(frames.copies, frames.total, -1)
    mixed = [_clip(copies[:, clip.start : clip.stop], clip) for clip in frames]
    return (mixed[0] if len(mixed) == 1 else torch.cat(mixed, dim=1)).reshape(len(qkv), -1)


def by_head(given: Tensor, length: int) -> bool:
    """Whether a clip of so many frames is done head by head."""
    return given.device.type == "cpu" and length > FUSED_UNTIL and torch.backends.mkldnn.is_available()  # type: ignore[no-untyped-call]  # torch does not type it


def product(left: Tensor, right: Tensor) -> Tensor:
    """`left` `[n, inner]` by `right` `[m, inner]`, transposed; both contiguous, on a processor."""
    made: Tensor = torch.ops.mkldnn._linear_pointwise(left, right, None, "none", [], "")  # noqa: SLF001 - torch has no other door
    return made


def block(length: int) -> int:
    """How many queries of a clip to do at a time."""
    return max(1, min(length, SCORES // length))


def _clip(qkv: Tensor, clip: Clip) -> Tensor:
    """Of one clip, `[copies, frames, 3 · width]`."""
    if by_head(qkv, clip.length):
        return torch.stack([_heads(each) for each in qkv]) if len(qkv) > 1 else _heads(qkv[0])[None]
    query, key, value = qkv.view(*qkv.shape[:2], 3, -1, HEAD_SIZE).permute(2, 0, 3, 1, 4)
    return functional.scaled_dot_product_attention(query, key, value, scale=1.0).transpose(1, 2).flatten(2)


def heads(qkv: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Queries and keys, float32 `[heads, frames, 64]`, and values `[heads, 64, frames]` of `[frames, 3 · width]`.

    Scores in bfloat16 would be further off than those of fused attention, and their softmax slower than that of these.
    """
    width = qkv.shape[1] // 3
    pair = qkv[:, : 2 * width].view(len(qkv), 2, -1, HEAD_SIZE).permute(1, 2, 0, 3)
    pair = as_type(pair, torch.float32).contiguous()
    return pair[0], pair[1], qkv[:, 2 * width :].t().contiguous().view(-1, HEAD_SIZE, len(qkv))


def mean(scores: Tensor, values: Tensor) -> Tensor:
    """Of `values` `[64, keys]`, as `scores` `[queries, keys]` weigh them: `[queries, 64]`."""
    return product(as_type(scores.softmax(-1), values.dtype), values)


def _heads(qkv: Tensor) -> Tensor:
    """`[frames, width]` of `[frames, 3 · width]`."""
    return torch.cat([_head(*each) for each in zip(*heads(qkv), strict=True)], dim=1)


def _head(queries: Tensor, keys: Tensor, values: Tensor) -> Tensor:
    mixed = [mean(product(some, keys), values) for some in torch.split(queries, block(len(keys)))]
    return mixed[0] if len(mixed) == 1 else torch.cat(mixed)
