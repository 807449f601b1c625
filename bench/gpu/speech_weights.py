"""Random weights of S3Gen and of the voice encoder, drawn on the device as upstream's modules begin."""

from __future__ import annotations

import math
from collections.abc import Mapping

import torch
from torch import Tensor

from bench.gpu.inventory.parts import Shape

NOISE = 0.05
"""Standard deviation of biases, and of norms around 1."""
PITCH, PITCH_HERTZ = "f0_predictor.classifier.bias", 140.0
"""What the pitch predictor says of anything, in hertz."""
LENGTH, DIRECTION = "original0", "original1"


def drawn(shapes: Mapping[str, Shape], device: torch.device, *, seed: int = 0) -> dict[str, Tensor]:
    """A tensor of each shape on `device`: single precision, but for what counts."""
    chance = torch.Generator(device).manual_seed(seed)
    found = {name: _drawn(name, shape, chance) for name, shape in shapes.items()}
    for name, values in found.items():
        if name.endswith(LENGTH):
            direction = found[name.removesuffix(LENGTH) + DIRECTION]
            values.copy_(direction.flatten(1).norm(dim=1).view(-1, 1, 1))
        if name.endswith(PITCH):
            values.fill_(PITCH_HERTZ)
    return found


def _drawn(name: str, shape: Shape, chance: torch.Generator) -> Tensor:
    if not shape:
        return torch.zeros((), dtype=torch.int64, device=chance.device)
    if name.endswith("_mel_filters"):
        return torch.empty(shape, device=chance.device).uniform_(generator=chance).div_(shape[-1])
    values = torch.empty(shape, device=chance.device).normal_(generator=chance)
    if len(shape) == 1:
        positive = name.endswith(("weight", "running_var", "alpha", "window"))
        return values.mul_(NOISE).add_(1.0 if positive else 0.0)
    return values.mul_(1 / math.sqrt(3 * math.prod(shape[1:])))
