"""Attention by torch's FlashAttention over lengths: one kernel for all clips; half precision on a GPU only."""

from __future__ import annotations

import logging

import torch
from torch import Tensor

from worker.engines.chatterbox.flow.attention import attended
from worker.engines.chatterbox.flow.frames import Frames
from worker.engines.chatterbox.member import HEAD_SIZE

logger = logging.getLogger(__name__)

TRIED = (3, 200)
"""Frames of the clips it is tried on."""
ROUNDING = 2e-2
"""Of attention to unit normal values in bfloat16."""


def attended_by_lengths(qkv: Tensor, frames: Frames) -> Tensor:
    """What `attended` gives."""
    from torch.nn.attention.varlen import varlen_attn  # older versions of torch have none

    query, key, value = qkv.view(len(qkv), 3, -1, HEAD_SIZE).unbind(1)
    longest = max(frames.lengths)
    mixed = varlen_attn(query, key, value, frames.ends, frames.ends, longest, longest, scale=1.0)
    if isinstance(mixed, tuple):
        mixed = mixed[0]
    return mixed.flatten(1)


def works(device: torch.device, dtype: torch.dtype) -> bool:
    """Whether lengths work out to what clips alone do, tried on small ones; it waits for the device.

    Where they should and do not, the log says why.
    """
    if device.type != "cuda" or dtype not in (torch.bfloat16, torch.float16):
        return False
    qkv = torch.randn(2 * sum(TRIED), 3 * 2 * HEAD_SIZE, device=device, dtype=dtype)
    qkv[:, : 2 * HEAD_SIZE] *= HEAD_SIZE**-0.5
    frames = Frames.of(TRIED, qkv, copies=2)
    try:
        found = attended_by_lengths(qkv, frames)
    except (ImportError, TypeError, RuntimeError) as error:
        logger.warning("attention over lengths is not to be had here; clips are attended one by one", exc_info=error)
        return False
    if not torch.allclose(found, attended(qkv, frames), atol=ROUNDING, rtol=ROUNDING):
        logger.warning("attention over lengths goes wrong here; clips are attended one by one")
        return False
    return True
