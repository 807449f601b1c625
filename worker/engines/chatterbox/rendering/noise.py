"""Noise that belongs to one utterance: drawn from its generator, wherever that is."""

from __future__ import annotations

import torch
from torch import Tensor


def gaussian(shape: tuple[int, ...], noise: torch.Generator, device: torch.device) -> Tensor:
    """Float32 of `shape` on `device`, of mean 0 and deviation 1."""
    return torch.randn(shape, generator=noise, device=noise.device).to(device)


def uniform(shape: tuple[int, ...], noise: torch.Generator, device: torch.device) -> Tensor:
    """Float32 of `shape` on `device`, in 0…1."""
    return torch.rand(shape, generator=noise, device=noise.device).to(device)
