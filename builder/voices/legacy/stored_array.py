"""An array as it lies in a file: its bytes and how to read them, checked before numpy sees either."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from builder.voices.legacy.errors import COPY_AGAIN, NUMBERS_ALONE, DamagedFile, UnsafeFile

DTYPE = re.compile(r"[<>|=]?(b1|[iu][1248]|f[248]|[SU][1-9][0-9]{0,2})")
"""Numbers and short text. No objects, which could be anything, and no records, which could hold them."""
MAX_DIMENSIONS = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredArray:
    """Bytes that are an array of numbers or text.

    Raises:
        DamagedFile: the bytes are more or fewer than the shape takes.
    """

    dtype: np.dtype[Any]
    shape: tuple[int, ...]
    fortran_order: bool
    data: bytes | bytearray

    def __post_init__(self) -> None:
        if len(self.shape) > MAX_DIMENSIONS or any(length < 0 for length in self.shape):
            raise DamagedFile(f"holds an array of an impossible shape; {COPY_AGAIN}")
        if math.prod(self.shape) * self.dtype.itemsize != len(self.data):
            raise DamagedFile(f"holds an array whose shape does not fit its bytes; {COPY_AGAIN}")

    def numbers(self) -> NDArray[Any]:
        """The array, read-only where its bytes are, without a copy."""
        return np.frombuffer(self.data, self.dtype).reshape(self.shape, order="F" if self.fortran_order else "C")


def dtype_of(name: str) -> np.dtype[Any]:
    """The dtype that `name`, such as <f4, stands for.

    Raises:
        UnsafeFile: it is not one of numbers or short text.
    """
    if not DTYPE.fullmatch(name):
        raise UnsafeFile(NUMBERS_ALONE)
    return np.dtype(name)


def shape_of(lengths: tuple[object, ...]) -> tuple[int, ...]:
    """`lengths` as a shape.

    Raises:
        DamagedFile: one of them is no whole number.
    """
    shape = tuple(length for length in lengths if type(length) is int)
    if len(shape) != len(lengths):
        raise DamagedFile(f"holds an array of an impossible shape; {COPY_AGAIN}")
    return shape
