"""What this machine's processor does at best: bytes read and sums done a second, to hold a model's times against."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import torch

from worker.engines.chatterbox.arithmetic.precision import Precision, PrecisionName, precision_of
from worker.engines.chatterbox.arithmetic.projection import Projection, projection

Clock = Callable[[], float]
"""Seconds since some moment."""
WIDTH = 8192
"""Of the square matrix that is read: 256 MiB in single precision, many times any cache."""
FACTORS, ROWS = 2048, 512
"""Sides of what is multiplied."""
SMALL = 128
"""The same where only the measuring is tested."""
REPEATS = 5
NAMES: tuple[PrecisionName, ...] = ("reference", "balanced", "fast")


@dataclass(frozen=True, slots=True, kw_only=True)
class Speeds:
    """The best of several tries."""

    read: float
    """Bytes a second."""
    multiplied: Mapping[PrecisionName, float]
    """Operations a second in products of matrices, two for each weight and row."""

    @classmethod
    def measured(cls, clock: Clock = time.perf_counter, *, small: bool = False) -> Speeds:
        """Of this moment: what else the machine does takes its part."""
        with torch.inference_mode():
            return cls(
                read=max(_read(SMALL if small else WIDTH, clock)),
                multiplied={
                    name: _multiplied(precision_of(name, torch.device("cpu")), clock, small=small) for name in NAMES
                },
            )

    def floor_sec(self, name: PrecisionName, *, read: float, operations: float) -> float:
        """What so many bytes and operations take at least."""
        return max(read / self.read, operations / self.multiplied[name])


def _read(width: int, clock: Clock) -> Iterator[float]:
    """Bytes a second in several ways to read a matrix once."""
    matrix = torch.randn(width, width)
    given = torch.randn(width)
    yield matrix.nbytes / _seconds(matrix.sum, clock)
    yield matrix.nbytes / _seconds(lambda: torch.mv(matrix, given), clock)
    for name in NAMES:
        product = projection(matrix, None, precision_of(name, torch.device("cpu")))
        yield product.weight_bytes / _seconds(_of(product, given[None]), clock)


def _multiplied(precision: Precision, clock: Clock, *, small: bool) -> float:
    factors, rows = (SMALL, SMALL) if small else (FACTORS, ROWS)
    product = projection(torch.randn(factors, factors), None, precision)
    return 2 * rows * factors**2 / _seconds(_of(product, torch.randn(rows, factors)), clock)


def _of(product: Projection, given: torch.Tensor) -> Callable[[], object]:
    return lambda: product(given)


def _seconds(work: Callable[[], object], clock: Clock) -> float:
    """The least of several, after one that is not counted."""
    work()
    return min(_timed(work, clock) for _ in range(REPEATS))


def _timed(work: Callable[[], object], clock: Clock) -> float:
    began = clock()
    work()
    return clock() - began
