"""Delivery to a volume: a file under a name that the worker makes, written whole or not at all."""

from __future__ import annotations

import errno
import os
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from worker.errors import DeliveryFailed, StorageFull
from worker.reply import Destination

OUT_OF_SPACE = frozenset({errno.ENOSPC, errno.EDQUOT})


class VolumeSink:
    """A file of `folder` that nobody sees under its name before it is whole; what was there gives way only then."""

    def __init__(self, folder: Path, extension: str, *, name: str | None = None) -> None:
        """The name is drawn unless it is given. Raises DeliveryFailed where the folder cannot be written to."""
        self._path = folder / (name or f"{uuid.uuid4().hex}{extension}")
        with _typed_errors():
            folder.mkdir(parents=True, exist_ok=True)
            descriptor, partial = tempfile.mkstemp(dir=folder, prefix=".partial-")
        self._partial = Path(partial)
        self._file = os.fdopen(descriptor, "wb")

    def seek(self, offset: int, /) -> int:
        """As a file's own."""
        return self._file.seek(offset)

    def write(self, data: bytes, /) -> int:
        """Raises StorageFull where no space or quota is left."""
        with _typed_errors():
            return self._file.write(data)

    def finish(self, *, rest_bytes: int) -> Destination:  # noqa: ARG002 - a path always fits
        """The path of the file, safe on disk."""
        with _typed_errors():
            self._file.flush()
            os.fsync(self._file.fileno())
            self._file.close()
            self._partial.chmod(0o644)
            self._partial.replace(self._path)
        return Destination(audio_path=str(self._path))

    def abort(self) -> None:
        """Removes what was written."""
        with suppress(OSError):  # closing writes what is left once more, and on a full disk fails once more
            self._file.close()
        with _typed_errors():
            self._partial.unlink(missing_ok=True)


@contextmanager
def _typed_errors() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno in OUT_OF_SPACE:
            raise StorageFull("the volume is full: free some space, or deliver inline or to S3") from error
        name = errno.errorcode.get(error.errno or 0, "unknown error")
        raise DeliveryFailed(f"the volume cannot be written to ({name})") from error
