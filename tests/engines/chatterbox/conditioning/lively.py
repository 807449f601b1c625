"""Files of weights that hear as trained ones do: their norms have seen something."""

from __future__ import annotations

from pathlib import Path

import torch
from safetensors.torch import save_file
from torch import Tensor

from builder.random_checkpoint import write_s3gen, write_voice_encoder
from worker.engines.chatterbox.checkpoint import read
from worker.engines.chatterbox.member import Member

RANGES = {".running_mean": (-0.3, 0.3), ".running_var": (0.5, 2.0)}
NORMS = ("batchnorm", ".bn", "shortcut.1")


def write(member: Member, folder: Path) -> tuple[Path, Path]:
    """The files of S3Gen and of the voice encoder."""
    path = write_s3gen(member, folder, seed=3)
    chance = torch.Generator().manual_seed(5)
    weights = {name: _lively(name, tensor, chance) for name, tensor in sorted(read(path).items())}
    if path.suffix == ".pt":
        torch.save(weights, path)
    else:
        save_file(weights, path)
    return path, write_voice_encoder(member, folder, seed=4)


def _lively(name: str, tensor: Tensor, chance: torch.Generator) -> Tensor:
    if not name.startswith("speaker_encoder.") or not any(norm in name for norm in NORMS):
        return tensor
    for ending, ends in RANGES.items():
        if name.endswith(ending):
            return tensor.uniform_(*ends, generator=chance)
    if name.endswith(".weight"):
        return tensor.uniform_(0.5, 1.5, generator=chance)
    return tensor.uniform_(-0.3, 0.3, generator=chance) if name.endswith(".bias") else tensor
