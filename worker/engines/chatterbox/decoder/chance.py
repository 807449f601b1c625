"""Chance that is computed: what a row draws at a step follows from its seed and the step, wherever it is computed."""

from __future__ import annotations

import torch
from torch import Tensor

_GOLDEN = 0x9E3779B97F4A7C15
_FIRST = 0xBF58476D1CE4E5B9
_SECOND = 0x94D049BB133111EB
"""The step and the two factors of SplitMix64 (Steele, Lea and Flood, "Fast splittable pseudorandom number generators",
2014; https://prng.di.unimi.it/splitmix64.c)."""
_STRIDE = 0xD1342543DE82EF95
"""Between steps, so that a step of one row is no token of another (a multiplier of Steele and Vigna, "Computationally
easy, spectrally good multipliers", 2021)."""
_WORD = 2**64
_SHIFTS = (30, 27)
_PART = 2.0**-63


def key(seed: int) -> int:
    """What stands for `seed` in `exponential`: 63 bits that differ in half their places between neighbouring seeds."""
    mixed = (seed + _GOLDEN) % _WORD
    for shift, factor in zip(_SHIFTS, (_FIRST, _SECOND), strict=True):
        mixed = (mixed ^ (mixed >> shift)) * factor % _WORD
    return (mixed ^ (mixed >> 31)) >> 1


def places(vocabulary: int, device: torch.device) -> Tensor:
    """What stands for each token in `exponential`: int64 `[vocabulary]`."""
    return torch.arange(vocabulary, device=device) * _signed(_GOLDEN)


def exponential(keys: Tensor, steps: Tensor, tokens: Tensor) -> Tensor:
    """Exponential numbers of mean 1: float32 `[rows, vocabulary]`.

    `keys` `[rows, 1]` are those of seeds, `steps` `[rows, 1]` count the row's tokens, `tokens` are `places`. A number
    depends on nothing else; its bits are the same on every device, its logarithm up to rounding. It is SplitMix64
    twice, but for shifts that bring the sign along (no other are to be had for int64), whose loss of a bit in 64 does
    not show. The smallest numbers, by which tokens are drawn, are the finest; a number that is 1 when it is rounded
    becomes infinite, and its token is not drawn.
    """
    mixed = _mixed(torch.add(keys, steps, alpha=_signed(_STRIDE)))
    bits = _mixed(mixed + tokens).bitwise_and_(2**63 - 1)
    return bits.to(torch.float32).mul_(-_PART).log1p_().neg_()


def _mixed(given: Tensor) -> Tensor:
    """`given`, which is overwritten."""
    for shift, factor in zip(_SHIFTS, (_FIRST, _SECOND), strict=True):
        given.bitwise_xor_(given >> shift).mul_(_signed(factor))
    return given


def _signed(word: int) -> int:
    """The int64 of the same bits."""
    return word - _WORD if word >= _WORD // 2 else word
