"""In which numbers the flow computes: the state it solves for is of single precision in all of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import torch

from worker.engines.chatterbox.arithmetic.precision import REFERENCE, Precision, precision_of
from worker.engines.chatterbox.flow.varlen import works


@dataclass(frozen=True, slots=True, kw_only=True)
class Numbers:
    """The types of what goes through a stack of layers."""

    precision: Precision
    """Of the matrices; never eight bits."""
    inside: torch.dtype
    """Of what goes into matrices and comes out of them."""
    stream: torch.dtype
    """Of the sum that every layer adds to: on a processor single precision, where that costs little."""
    varlen: bool = False
    """Whether one kernel attends to all clips."""

    @classmethod
    def of(cls, precision: Precision, device: torch.device) -> Self:
        """Where `precision` has eight bits, what the next better one has."""
        if precision.int8:
            precision = precision_of("balanced", device)
        if device.type != "cpu":
            inside = precision.weights
            return cls(precision=precision, inside=inside, stream=inside, varlen=works(device, inside))
        if not torch.backends.mkldnn.is_available():  # type: ignore[no-untyped-call]  # torch does not type it
            precision = REFERENCE
        return cls(precision=precision, inside=precision.weights, stream=torch.float32)
