"""The .npy and .npz files of numpy, without numpy.load, which allocates whatever a header claims."""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from collections.abc import Mapping

from builder.voices.legacy.errors import COPY_AGAIN, NUMBERS_ALONE, DamagedFile, TooLarge, UnsafeFile
from builder.voices.legacy.limits import MAX_RATIO, MAX_RAW_BYTES, MAX_ZIP_ENTRIES
from builder.voices.legacy.stored_array import StoredArray, dtype_of

MAGIC = b"\x93NUMPY"
MAX_HEADER_BYTES = 1024
HEADER = re.compile(
    r"\{'descr': '(?P<dtype>[<>|=]?[A-Za-z][0-9]{0,3})', 'fortran_order': (?P<fortran>True|False), "
    r"'shape': \((?P<shape>(?:[0-9]{1,18},? ?){0,8})\), ?\} *\n?"
)
"""As every numpy has written it: https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html."""
OBJECTS = "|O"
CENTRAL_ENTRY = b"PK\x01\x02"
_ZIP_ERRORS = (zipfile.BadZipFile, zlib.error, EOFError, ValueError, OSError, RuntimeError, NotImplementedError)
"""What zipfile raises for damaged, encrypted and exotic archives."""


def stored_in_npy(data: bytes) -> StoredArray | bytes:
    """The array in a .npy file, or the pickle in one that holds a single object, as numpy.save does of a dict.

    Raises:
        UnsafeFile: it holds an array of objects, or of records.
        DamagedFile: it is no .npy file, or not a whole one.
    """
    width = 2 if data[6:7] == b"\x01" else 4
    start = 8 + width
    length = int.from_bytes(data[8:start], "little")
    if not data.startswith(MAGIC) or length > MAX_HEADER_BYTES or len(data) < start + length:
        raise DamagedFile(f"is no .npy file, or a damaged one; {COPY_AGAIN}")
    header = HEADER.fullmatch(data[start : start + length].decode("latin1"))
    if not header:
        raise UnsafeFile(NUMBERS_ALONE)
    shape = tuple(int(one) for one in re.findall("[0-9]+", header["shape"]))
    body = data[start + length :]
    if header["dtype"] == OBJECTS:
        if shape:
            raise UnsafeFile(NUMBERS_ALONE)
        return body
    dtype = dtype_of(header["dtype"])
    return StoredArray(dtype=dtype, shape=shape, fortran_order=header["fortran"] == "True", data=body)


class NpzFile:
    """The arrays of an .npz file by their names, each unfolded when it is asked for.

    Raises:
        TooLarge: it has too many entries, or unfolds to too much.
        DamagedFile: it is no .npz file, or not a whole one.
    """

    def __init__(self, data: bytes) -> None:
        if data.count(CENTRAL_ENTRY) > MAX_ZIP_ENTRIES:  # before zipfile makes an object of each
            raise TooLarge(f"has more than {MAX_ZIP_ENTRIES} entries; save only the audio and its sample rate")
        try:
            self._archive = zipfile.ZipFile(io.BytesIO(data))
        except _ZIP_ERRORS as error:
            raise DamagedFile(f"is no .npz file, or a damaged one; {COPY_AGAIN}") from error
        self._entries = {entry.filename.removesuffix(".npy"): entry for entry in self._archive.infolist()}
        unfolded_bytes = sum(entry.file_size for entry in self._archive.infolist())
        if unfolded_bytes > min(MAX_RAW_BYTES, MAX_RATIO * len(data)):
            raise TooLarge("unfolds to too much; save it again with its audio alone, cut to half a minute")

    @property
    def names(self) -> tuple[str, ...]:
        """Of all arrays."""
        return tuple(self._entries)

    def fields(self, wanted: frozenset[str]) -> Mapping[str, object]:
        """Every array, but only those in `wanted` are read; None stands for the others.

        Raises:
            UnsafeFile: a wanted one is an object, or compressed in a way that numpy does not use.
            DamagedFile: a wanted one is damaged.
        """
        return {name: self._array(name) if name in wanted else None for name in self._entries}

    def _array(self, name: str) -> StoredArray:
        entry = self._entries[name]
        if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise UnsafeFile("is compressed in a way that is not numpy's; save it again with numpy.savez")
        try:
            data = self._archive.read(entry)
        except _ZIP_ERRORS as error:
            raise DamagedFile(f"is a damaged .npz file; {COPY_AGAIN}") from error
        array = stored_in_npy(data)
        if isinstance(array, bytes):
            raise UnsafeFile(NUMBERS_ALONE)
        return array
