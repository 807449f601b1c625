"""Precision: in which numbers a decoder computes, and where its chance comes from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

PrecisionName = Literal["reference", "balanced", "fast"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Precision:
    """How a decoder computes; logits are single precision in all of them."""

    name: PrecisionName
    weights: torch.dtype = torch.float32
    """Of the trunk's matrices; on a GPU also of all between them, on a processor also of the head's."""
    cache: torch.dtype = torch.float32
    """Of keys and values."""
    int8: bool = False
    """Whether matrices are kept in eight bits, a scale for each output, and inputs brought to eight as they come."""
    counted: bool = False
    """Whether chance is computed from seed, step and token, on the device; else drawn as upstream draws it."""


REFERENCE = Precision(name="reference")
"""Upstream's numbers, token for token."""


def precision_of(name: str, device: torch.device) -> Precision:
    """The precision a setting names: `auto` is balanced on a GPU and reference elsewhere.

    On a GPU both reduced ones are half precision (bfloat16, whose range is that of single); on a processor balanced is
    bfloat16 where it computes in that, and fast is eight bits.
    """
    if name == "auto":
        name = "balanced" if device.type == "cuda" else "reference"
    if name == "reference":
        return REFERENCE
    half = torch.bfloat16
    if device.type == "cuda":
        return Precision(name="balanced" if name == "balanced" else "fast", weights=half, cache=half, counted=True)
    if name == "fast":
        return Precision(name="fast", int8=True)
    computes_in_half = torch.ops.mkldnn._is_mkldnn_bf16_supported()  # noqa: SLF001 - torch has no other way to ask
    return Precision(name="balanced", weights=half if computes_in_half else torch.float32)


def as_type(given: Tensor, wanted: torch.dtype) -> Tensor:
    """`given` itself where it is of the type that is wanted, which spares an operation."""
    return given if given.dtype == wanted else given.to(wanted)
