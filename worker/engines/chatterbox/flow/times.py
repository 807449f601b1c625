"""The times of a solution and what the estimator makes of them, which is the same for every mel spectrogram."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Tensor
from torch.nn import functional

from worker.engines.chatterbox.tensors import Tensors

GUIDED_STEPS = 10
MEANFLOW_STEPS = 2
"""Steps from noise to mel (`S3Token2Wav.flow_inference`)."""
WAVES = 320
"""Numbers that a time is told in."""
WIDTH = 1024
SPREAD = 1000.0
PERIOD = 10_000.0
"""Of `SinusoidalPosEmb`."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Step:
    """One of Euler's."""

    length: float
    known: Tensor
    """Of its time, and where it is to end: float32 `[1024]`, mish applied as every resnet does first."""


def steps(tensors: Tensors, *, meanflow: bool) -> Sequence[Step]:
    """All, by the estimator's tensors."""
    times = torch.linspace(0, 1, (MEANFLOW_STEPS if meanflow else GUIDED_STEPS) + 1)
    if not meanflow:
        times = 1 - torch.cos(times * 0.5 * torch.pi)
    weights = [
        (
            tensors.take(f"time_mlp.linear_{index}.weight", WIDTH, inputs),
            tensors.take(f"time_mlp.linear_{index}.bias", WIDTH),
        )
        for index, inputs in ((1, WAVES), (2, WIDTH))
    ]
    told = functional.linear(
        functional.silu(functional.linear(_waves(times.to(weights[0][0].device)), *weights[0])), *weights[1]
    )
    known = told[:-1]
    if meanflow:
        mixer = tensors.take("time_embed_mixer.weight", WIDTH, 2 * WIDTH)
        known = functional.linear(torch.cat([told[:-1], told[1:]], dim=1), mixer)
    lengths = [float(then - now) for now, then in pairwise(times)]
    return [Step(length=length, known=each) for length, each in zip(lengths, functional.mish(known), strict=True)]


def _waves(times: Tensor) -> Tensor:
    half = WAVES // 2
    slower = torch.exp(torch.arange(half, device=times.device).float() * -(math.log(PERIOD) / (half - 1)))
    angles = SPREAD * times[:, None] * slower
    return torch.cat([angles.sin(), angles.cos()], dim=-1)
