"""The archive that an EPUB is, with bounds on what unpacking it may cost; nothing is written anywhere."""

from __future__ import annotations

import io
import posixpath
import stat
import struct
import zipfile
import zlib

from worker.documents.limits import DocumentLimits
from worker.errors import InvalidDocument, TextTooLong

_DAMAGED = "the EPUB is damaged: its archive cannot be unpacked"
_END = struct.Struct("<4s4H2LH")
_END_MAGIC = b"PK\x05\x06"
_END_64_LOCATOR = b"PK\x06\x07"
_END_64_LOCATOR_BYTES = 20
_LONGEST_COMMENT = 65_535
_DIRECTORY_BYTES_PER_ENTRY = 512
"""Of the archive's directory: 46, a name, and rarely more."""
_PACKINGS = frozenset((zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED))
"""The two that EPUB has; the memory that others take is set by the file."""
_ENCRYPTED = 0x1
_SMALL_BYTES = 2**20
"""Files up to this size may be packed any number of times over."""
_UNREADABLE = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    EOFError,
    OSError,
    NotImplementedError,
    RuntimeError,
    ValueError,
)
"""What `zipfile` raises on damaged archives."""


class Archive:
    """The files of an EPUB by name; what is read of them counts against one limit.

    Raises:
        InvalidDocument: it is no archive, damaged, or made to exhaust or escape its reader.
    """

    def __init__(self, data: bytes, limits: DocumentLimits) -> None:
        _check_directory(data, limits)
        try:
            self._zip = zipfile.ZipFile(io.BytesIO(data))
        except _UNREADABLE as error:
            raise InvalidDocument(_DAMAGED) from error
        entries = [entry for entry in self._zip.infolist() if not entry.filename.endswith("/")]
        if len(entries) > limits.max_entries:
            raise InvalidDocument(f"the EPUB has over {limits.max_entries} files: split it")
        for entry in entries:
            _check_entry(entry, limits)
        self._entries = {entry.filename: entry for entry in entries}
        self._limits = limits
        self._left_bytes = limits.max_text_bytes

    def __contains__(self, name: str) -> bool:
        return name in self._entries

    def read(self, name: str) -> bytes:
        """A file, unpacked.

        Raises:
            InvalidDocument: there is none of that name, it is damaged or locked.
            TextTooLong: all files read so far are over the limit.
        """
        entry = self._entries.get(name)
        if entry is None:
            raise InvalidDocument("the EPUB is incomplete: it names a file that it does not hold")
        if entry.flag_bits & _ENCRYPTED:
            raise InvalidDocument("the EPUB is locked with a password: send it without one")
        if entry.file_size > self._left_bytes:
            raise TextTooLong(f"the EPUB's text is over the limit of {self._limits.max_text_bytes} bytes: split it")
        self._left_bytes -= entry.file_size
        try:
            # Reads no more than the size checked above, and fails if there is more.
            return self._zip.read(entry)
        except _UNREADABLE as error:
            raise InvalidDocument(_DAMAGED) from error


def _check_directory(data: bytes, limits: DocumentLimits) -> None:
    """Looks at the end record first: `zipfile` makes an object of every entry as it opens."""
    at = data.rfind(_END_MAGIC, max(0, len(data) - _LONGEST_COMMENT - _END.size))
    if at < 0 or len(data) - at < _END.size:
        raise InvalidDocument(_DAMAGED)
    _, _, _, _, entries, directory_bytes, _, _ = _END.unpack_from(data, at)
    if data[max(0, at - _END_64_LOCATOR_BYTES) : at].startswith(_END_64_LOCATOR):
        raise InvalidDocument("the EPUB is a ZIP64 archive, which no book needs: pack it anew")
    if entries > limits.max_entries or directory_bytes > limits.max_entries * _DIRECTORY_BYTES_PER_ENTRY:
        raise InvalidDocument(f"the EPUB has over {limits.max_entries} files: split it")


def _check_entry(entry: zipfile.ZipInfo, limits: DocumentLimits) -> None:
    name = entry.filename
    if name.startswith("/") or "\\" in entry.orig_filename or ".." in name.split("/") or ":" in name.split("/")[0]:
        raise InvalidDocument("the EPUB holds a file whose name leads out of it: pack it anew")
    if stat.S_ISLNK(entry.external_attr >> 16):
        raise InvalidDocument("the EPUB holds a link to another file: pack it anew")
    if entry.compress_type not in _PACKINGS:
        raise InvalidDocument("the EPUB is packed in a way that EPUB does not have: pack it anew with deflate")
    if entry.file_size > _SMALL_BYTES and entry.file_size > limits.max_ratio * max(1, entry.compress_size):
        raise InvalidDocument(f"the EPUB holds a file packed over {limits.max_ratio} times: it is no book")


def path_of(base: str, reference: str) -> str | None:
    """The name in the archive that a reference in file `base` means; None if it leads out of it."""
    path = posixpath.normpath(posixpath.join(posixpath.dirname(base), reference))
    return None if path.startswith(("/", "..")) or path == "." else path
