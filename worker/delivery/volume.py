"""Delivery to a volume: a generated name, written whole or not at all."""

from __future__ import annotations

import errno
import os
import tempfile
import uuid
from pathlib import Path

from worker.errors import DeliveryFailed, StorageFull
from worker.reply import Destination

OUT_OF_SPACE = frozenset({errno.ENOSPC, errno.EDQUOT})


def to_volume(audio: bytes, folder: Path, extension: str) -> Destination:
    """Stores `audio` in `folder` under a name of its own; the file appears complete or not at all.

    Raises:
        StorageFull: no space or quota is left.
        DeliveryFailed: the folder cannot be written to.

    """
    path = folder / f"{uuid.uuid4().hex}{extension}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _write_atomically(audio, path)
    except OSError as error:
        if error.errno in OUT_OF_SPACE:
            raise StorageFull(f"the volume has no room for {len(audio)} bytes; free some or deliver inline") from error
        raise DeliveryFailed(f"the volume cannot be written to ({errno.errorcode.get(error.errno or 0)})") from error
    return Destination(audio_path=str(path))


def _write_atomically(audio: bytes, path: Path) -> None:
    descriptor, partial = tempfile.mkstemp(dir=path.parent, prefix=".partial-")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(audio)
            file.flush()
            os.fsync(file.fileno())
        Path(partial).chmod(0o644)
        Path(partial).replace(path)
    except BaseException:
        Path(partial).unlink(missing_ok=True)
        raise
