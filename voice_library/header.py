"""The header of a safetensors file, checked against our own limits before any library reads the file.

safetensors itself accepts hundreds of thousands of empty tensors, duplicate keys and NaN.
Format: https://huggingface.co/docs/safetensors/index#format
"""

from __future__ import annotations

import mmap
from collections.abc import Mapping
from dataclasses import dataclass
from math import prod
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from voice_library.errors import InvalidVoiceFile, quoted
from voice_library.strict_json import JsonError, parse_json

LENGTH_BYTES = 8
MAX_FILE_BYTES = 64 * 2**20
"""Room for 60 s at 192 kHz and 18 MiB of embeddings."""
MAX_HEADER_BYTES = 64 * 2**10
MAX_TENSORS = 64
MAX_RANK = 4
MAX_ELEMENTS = 2**24
MAX_NAME_CHARACTERS = 200
MAX_METADATA_CHARACTERS = 8192
"""Per entry."""

DTYPES: Mapping[str, np.dtype[Any]] = MappingProxyType(
    {
        name: np.dtype(f"<{code}")
        for name, code in {
            "F64": "f8",
            "F32": "f4",
            "F16": "f2",
            "I64": "i8",
            "I32": "i4",
            "I16": "i2",
            "I8": "i1",
            "U8": "u1",
        }.items()
    }
)
"""Kinds of numbers that a voice file may use."""

FOREIGN_FORMATS = {
    b"PK": "a zip archive, such as a PyTorch .pt",
    b"\x80": "a Python pickle",
    b"RIFF": "a WAV file",
}


Data = bytes | mmap.mmap


@dataclass(frozen=True, slots=True, kw_only=True)
class Tensor:
    """Where one lies in the file."""

    dtype: np.dtype[Any]
    shape: tuple[int, ...]
    begin: int
    """Byte of the file."""
    end: int

    def of(self, data: Data) -> NDArray[Any]:
        """The tensor, read-only, without a copy, in data that cannot be changed."""
        return np.frombuffer(data, dtype=self.dtype, count=prod(self.shape), offset=self.begin).reshape(self.shape)


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """What a file says of itself."""

    metadata: Mapping[str, str]
    tensors: Mapping[str, Tensor]


def read_header(data: Data, *, size_bytes: int | None = None) -> Header:
    """The header of a file whose every tensor is within bounds, inside the file, and overlaps no other.

    Args:
        data: the file, or as much of its front as the header takes.
        size_bytes: of the file, where that is not all of it.

    Raises:
        InvalidVoiceFile: any limit of this module is broken; nothing was allocated for the tensors.
    """
    size_bytes = len(data) if size_bytes is None else size_bytes
    header = _parse(data, size_bytes)
    metadata = header.pop("__metadata__", None)
    if len(header) > MAX_TENSORS:
        raise InvalidVoiceFile(f"the voice file has {len(header)} tensors; at most {MAX_TENSORS} are allowed")
    start = LENGTH_BYTES + _header_length(data)
    tensors = {name: _tensor(name, entry, start) for name, entry in header.items()}
    _check_tiling(sorted((tensor.begin, tensor.end) for tensor in tensors.values()), start, size_bytes)
    return Header(metadata=_checked_metadata(metadata), tensors=tensors)


def _header_length(data: Data) -> int:
    return int.from_bytes(data[:LENGTH_BYTES], "little")


def _parse(data: Data, size_bytes: int) -> dict[str, object]:
    if not size_bytes:
        raise InvalidVoiceFile("the voice file is empty")
    if size_bytes > MAX_FILE_BYTES:
        raise InvalidVoiceFile(f"the voice file is larger than {MAX_FILE_BYTES // 2**20} MiB")
    length = _header_length(data)
    if len(data) < LENGTH_BYTES or length > MAX_HEADER_BYTES:
        raise InvalidVoiceFile(_what_it_is_instead(data))
    if len(data) < LENGTH_BYTES + length:
        raise InvalidVoiceFile("the voice file is truncated: it ends inside its header")
    text = data[LENGTH_BYTES : LENGTH_BYTES + length]
    if not text.startswith(b"{"):
        raise InvalidVoiceFile("the voice file is not safetensors: its header is not a JSON object")
    try:
        header = parse_json(text)
    except JsonError as error:
        raise InvalidVoiceFile(f"the voice file has a header that {error}") from error
    if not isinstance(header, dict):
        raise InvalidVoiceFile("the voice file is not safetensors: its header is not a JSON object")
    return header


def _what_it_is_instead(data: Data) -> str:
    for start, kind in FOREIGN_FORMATS.items():
        if data[: len(start)] == start:
            return f"the voice file is {kind}, not safetensors"
    return f"the voice file does not begin with a safetensors header of at most {MAX_HEADER_BYTES // 2**10} kB"


def _tensor(name: str, entry: object, start: int) -> Tensor:
    """Where a tensor lies, after its entry was checked; `start` is the byte that its offsets count from."""
    label = f"tensor {quoted(name)}"
    if len(name) > MAX_NAME_CHARACTERS:
        raise InvalidVoiceFile(f"the voice file has a tensor whose name is over {MAX_NAME_CHARACTERS} characters")
    if not isinstance(entry, dict) or entry.keys() != {"dtype", "shape", "data_offsets"}:
        raise InvalidVoiceFile(f"{label} needs dtype, shape and data_offsets, and nothing else")
    dtype, shape, offsets = entry["dtype"], entry["shape"], entry["data_offsets"]
    if not isinstance(dtype, str) or dtype not in DTYPES:
        raise InvalidVoiceFile(f"{label} has a dtype other than {', '.join(DTYPES)}")
    if not _counts(shape) or len(shape) > MAX_RANK or min(shape, default=1) < 1:
        raise InvalidVoiceFile(f"{label} needs at most {MAX_RANK} dimensions, none of them zero")
    elements = prod(shape)
    if elements > MAX_ELEMENTS:
        raise InvalidVoiceFile(f"{label} has more than {MAX_ELEMENTS} numbers")
    if not _counts(offsets) or len(offsets) != 2:  # noqa: PLR2004 - a begin and an end
        raise InvalidVoiceFile(f"{label} needs two offsets from zero up, a begin and an end")
    begin, end = offsets
    if end - begin != elements * DTYPES[dtype].itemsize:
        raise InvalidVoiceFile(f"{label} has offsets that do not match its shape")
    return Tensor(dtype=DTYPES[dtype], shape=tuple(shape), begin=start + begin, end=start + end)


def _counts(value: object) -> bool:
    """Whether `value` is a list of whole numbers from zero up; bool, an int to Python, is none."""
    return isinstance(value, list) and all(type(item) is int and item >= 0 for item in value)


def _check_tiling(spans: list[tuple[int, int]], start: int, size_bytes: int) -> None:
    position = start
    for begin, end in spans:
        if begin != position:
            raise InvalidVoiceFile("the voice file has tensors that overlap or leave a gap")
        position = end
    if position > size_bytes:
        raise InvalidVoiceFile(f"the voice file is truncated: {position - size_bytes} bytes are missing")
    if position < size_bytes:
        raise InvalidVoiceFile(f"the voice file has {size_bytes - position} bytes that belong to no tensor")


def _checked_metadata(metadata: object) -> dict[str, str]:
    if not isinstance(metadata, dict):
        raise InvalidVoiceFile("the voice file has no voice metadata")
    for key, value in metadata.items():
        if not isinstance(value, str) or len(value) > MAX_METADATA_CHARACTERS or not value.isprintable():
            raise InvalidVoiceFile(f"metadata {quoted(key)} is not a short printable string")
    return metadata
