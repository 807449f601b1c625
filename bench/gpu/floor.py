"""The floor: how long a step takes at least on this device, for the bytes it must read and the sums it must do."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import torch

from bench.gpu.setup import Setup
from bench.gpu.weights import read_in_a_step
from worker.engines.chatterbox.arithmetic.precision import Precision
from worker.engines.chatterbox.member import Member

COPIED_BYTES = 4 * 2**30
"""Many times any cache."""
FACTORS = 8192
"""Width of the square matrices that are multiplied."""
SMALL_COPIED_BYTES, SMALL_FACTORS = 16 * 2**20, 128
REPEATS = 8
MULTIPLIED = (torch.float32, torch.bfloat16)
TARGETS_MS: Mapping[str, tuple[float, float]] = {"original": (1.0, 0.5), "turbo": (0.6, 0.3)}
"""Milliseconds a token of a single utterance, as it should be and as it could be at best, on an H200."""
FACTORS_OF_MANY: tuple[float, float] = (2.5, 1.5)
"""The same for the largest crowd, as multiples of the bytes' floor."""
MANY = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Speeds:
    """What a device does, measured."""

    copied: float
    """Bytes a second, read and written."""
    multiplied: Mapping[torch.dtype, float]
    """Operations a second in products of matrices."""

    def bytes_ms(self, read: float) -> float:
        """How long so many bytes take."""
        return 1e3 * read / self.copied

    def sums_ms(self, member: Member, rows: int, precision: Precision) -> float:
        """How long the matrix products of a step take."""
        return 1e3 * 2 * rows * read_in_a_step(member) / self.multiplied[precision.weights]


def speeds(setup: Setup) -> Speeds:
    """Measures them: the median of some copies and of some products of random matrices."""
    size = (SMALL_COPIED_BYTES if setup.small else COPIED_BYTES) // 8
    source = torch.ones(size, dtype=torch.float32, device=setup.device)
    copy = torch.empty_like(source)
    copied = 2 * source.numel() * source.element_size() / _seconds(setup, lambda: copy.copy_(source))
    return Speeds(copied=copied, multiplied={dtype: _multiplied(setup, dtype) for dtype in MULTIPLIED})


def read_bytes(member: Member, precision: Precision, *, rows: int, position: float) -> float:
    """What a step reads at least: the weights once, and the keys and values that `rows` rows hold at `position`."""
    weights = read_in_a_step(member) * (1 if precision.int8 else precision.weights.itemsize)
    return weights + rows * position * 2 * member.layers * member.hidden * precision.cache.itemsize


def targets_ms(name: str, utterances: int, floor_ms: float) -> tuple[float, float] | tuple[None, None]:
    """Target and moonshot of a step, where there are any."""
    if utterances == 1 and name in TARGETS_MS:
        return TARGETS_MS[name]
    if utterances == MANY:
        return FACTORS_OF_MANY[0] * floor_ms, FACTORS_OF_MANY[1] * floor_ms
    return None, None


def _multiplied(setup: Setup, dtype: torch.dtype) -> float:
    width = SMALL_FACTORS if setup.small else FACTORS
    factors = [torch.randn(width, width, device=setup.device).to(dtype) for _ in range(2)]
    return 2 * width**3 / _seconds(setup, lambda: factors[0] @ factors[1])


def _seconds(setup: Setup, work: Callable[[], object]) -> float:
    taken = []
    for _ in range(REPEATS):
        setup.wait()
        began = time.perf_counter()
        work()
        setup.wait()
        taken.append(time.perf_counter() - began)
    return statistics.median(taken)
