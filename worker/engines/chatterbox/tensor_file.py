"""A file of tensors, each read when it is asked for: a checkpoint is never in memory beside what is made of it.

The format is safetensors (https://huggingface.co/docs/safetensors/index#format). Its own library maps the file, whose
pages then count as the process's beside the copies; here they are read straight into the tensors.
"""

from __future__ import annotations

import errno
import json
import os
import weakref
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from math import prod
from pathlib import Path

import torch
from torch import Tensor

DTYPES: Mapping[str, torch.dtype] = {
    "F64": torch.float64,
    "F32": torch.float32,
    "F16": torch.float16,
    "BF16": torch.bfloat16,
    "I64": torch.int64,
    "I32": torch.int32,
    "I16": torch.int16,
    "I8": torch.int8,
    "U8": torch.uint8,
    "BOOL": torch.bool,
}
LENGTH_BYTES = 8
MAX_HEADER_BYTES = 16 * 2**20
SLICE_BYTES = 16 * 2**20
READERS = 8
"""Threads that fetch a file: storage over a network gives each of them about as much as one alone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """Where a tensor lies."""

    dtype: torch.dtype
    shape: tuple[int, ...]
    begin: int
    """Byte of the file."""

    @property
    def size_bytes(self) -> int:
        """Of the tensor."""
        return prod(self.shape) * self.dtype.itemsize


class TensorFile(Mapping[str, Tensor]):
    """The tensors of a safetensors file by name, each a new one on `device` whenever it is asked for."""

    def __init__(
        self,
        path: Path,
        *,
        only: tuple[str, ...] = ("",),
        without: tuple[str, ...] = (),
        device: torch.device | str = "cpu",
    ) -> None:
        """Reads the header; it holds the tensors whose name starts with one of `only` and none of `without`.

        Raises:
            OSError: the file cannot be read.
            ValueError: it is no such file, or is cut short.

        """
        self._device = torch.device(device)
        self._file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        weakref.finalize(self, os.close, self._file)
        self.metadata, entries = _header(self._file)
        self._entries = {name: entries[name] for name in entries if is_wanted(name, only, without)}

    def __getitem__(self, name: str) -> Tensor:
        """Reads the tensor.

        Raises:
            OSError: it cannot be read, or the file has become shorter.

        """
        entry = self._entries[name]
        tensor = torch.empty(entry.shape, dtype=entry.dtype, pin_memory=self._device.type == "cuda")
        if entry.size_bytes:
            _fill(self._file, tensor.view(-1).view(torch.uint8).numpy().data, entry.begin)
        return tensor.to(self._device)

    def __iter__(self) -> Iterator[str]:
        return iter(self._entries)

    def __len__(self) -> int:
        return len(self._entries)

    def shape(self, name: str) -> tuple[int, ...]:
        """The tensor's, without reading it."""
        return self._entries[name].shape

    def excerpt(self, name: str, count: int) -> Tensor:
        """`count` numbers from the middle of the tensor, or all if it has fewer: `[n]`, on the processor."""
        entry = self._entries[name]
        size = prod(entry.shape)
        found = torch.empty(min(count, size), dtype=entry.dtype)
        if size:
            begin = entry.begin + (size - len(found)) // 2 * entry.dtype.itemsize
            _fill(self._file, found.view(torch.uint8).numpy().data, begin)
        return found

    def fetch(self) -> None:
        """Has the system read, with several threads, what it does not hold in memory yet; returns once it does."""
        spans = [range(entry.begin, entry.begin + entry.size_bytes, SLICE_BYTES) for entry in self._entries.values()]
        absent = [(begin, min(SLICE_BYTES, span.stop - begin)) for span in spans for begin in span]
        absent = [(begin, size) for begin, size in absent if not _is_held(self._file, begin)]
        if absent:
            with ThreadPoolExecutor(READERS, thread_name_prefix="fetch") as readers:
                list(readers.map(partial(_touch, self._file), absent))


class HeldTensors(dict[str, Tensor]):
    """Tensors that are in memory already, asked for in the same way."""

    @property
    def metadata(self) -> Mapping[str, str]:
        """None."""
        return {}

    def shape(self, name: str) -> tuple[int, ...]:
        """The tensor's."""
        return tuple(self[name].shape)

    def excerpt(self, name: str, count: int) -> Tensor:
        """`count` numbers from the middle of the tensor, or all if it has fewer: `[n]`, on the processor."""
        numbers = self[name].flatten()
        count = min(count, len(numbers))
        begin = (len(numbers) - count) // 2
        return numbers[begin : begin + count].cpu()


def is_wanted(name: str, only: tuple[str, ...], without: tuple[str, ...]) -> bool:
    """Whether a name starts with one of the first and none of the second."""
    return name.startswith(only) and not name.startswith(without)


def _header(file: int) -> tuple[dict[str, str], dict[str, Entry]]:
    size_bytes = os.fstat(file).st_size
    length = int.from_bytes(os.pread(file, LENGTH_BYTES, 0), "little")
    if not 0 < length <= min(MAX_HEADER_BYTES, size_bytes - LENGTH_BYTES):
        raise ValueError("it has no header of safetensors")
    found = json.loads(os.pread(file, length, LENGTH_BYTES))
    metadata = found.pop("__metadata__", None) or {}
    entries = {name: _entry(name, each, LENGTH_BYTES + length) for name, each in found.items()}
    if any(entry.begin + entry.size_bytes > size_bytes for entry in entries.values()):
        raise ValueError("it is cut short")
    return metadata, entries


def _entry(name: str, given: object, start: int) -> Entry:
    told = f"its header says of {name[:80]!r} what cannot be"
    try:
        dtype, shape, (begin, end) = (given[key] for key in ("dtype", "shape", "data_offsets"))  # type: ignore[index]  # caught
        entry = Entry(dtype=DTYPES[dtype], shape=tuple(shape), begin=start + begin)
        fits = begin >= 0 and min(shape, default=0) >= 0 and end - begin == entry.size_bytes
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(told) from error
    if not fits:
        raise ValueError(told)
    return entry


def _fill(file: int, buffer: memoryview, begin: int) -> None:
    done = 0
    while done < len(buffer):
        count = os.preadv(file, [buffer[done:]], begin + done)
        if not count:
            raise OSError(errno.EIO, "the file has become shorter")
        done += count


def _is_held(file: int, begin: int) -> bool:
    """Whether the system would give the first byte at once; where it cannot tell, it is asked to read."""
    try:
        return os.preadv(file, [bytearray(1)], begin, os.RWF_NOWAIT) > 0
    except OSError:
        return False


def _touch(file: int, span: tuple[int, int]) -> None:
    begin, count = span
    _fill(file, memoryview(bytearray(count)), begin)
