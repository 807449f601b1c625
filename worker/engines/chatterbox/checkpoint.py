"""A checkpoint's T3: its tensors by upstream's names, without those that speaking never reads."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor

from worker.engines.chatterbox.member import Member
from worker.errors import EngineUnavailable

Weights = Mapping[str, Tensor]

UNREAD = ("text_head.", "tfmr.wte.", "tfmr.embed_tokens.")
"""Prefixes of a head for text and of tables of words, which only training uses."""


def load(member: Member, folder: Path, device: str = "cpu") -> Weights:
    """The weights of `member` in `folder`, in the file's precision.

    Raises:
        EngineUnavailable: the file is missing or damaged.

    """
    try:
        with safe_open(folder / member.file, framework="pt", device=device) as file:
            return {name: file.get_tensor(name) for name in file.keys() if not name.startswith(UNREAD)}  # noqa: SIM118 - no mapping
    except (OSError, SafetensorError) as error:
        raise EngineUnavailable(f"Chatterbox: {member.file} cannot be read") from error


def layers(weights: Weights, stem: str) -> int:
    """How many layers there are under `stem`."""
    return 1 + max(int(name[len(stem) :].partition(".")[0]) for name in weights if name.startswith(stem))


def fused(weights: Weights, *names: str) -> Tensor:
    """Several projections of one input as a single one, its outputs side by side: `[in, out]`."""
    return torch.cat([weights[name] for name in names]).t()
