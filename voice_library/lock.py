"""A lock that processes and threads on one folder share."""

from __future__ import annotations

import errno
import fcntl
import logging
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from voice_library.errors import StoreUnavailable

logger = logging.getLogger(__name__)

LOCK = ".lock"
PATIENCE_SEC = 30.0
"""A writer takes milliseconds, on a slow volume a second."""
PAUSE_SEC = 0.005
UNSUPPORTED = frozenset({errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP})


@contextmanager
def locked(folder: Path, *, patience_sec: float = PATIENCE_SEC) -> Iterator[None]:
    """Holds the lock of `folder`; the system frees it when its holder dies.

    Where the folder's file system has no locks, that is logged, and writers go on without: each file is still whole.

    Raises:
        StoreUnavailable: somebody else has held it for all of `patience_sec`.
        OSError: the folder cannot be written to.
    """
    descriptor = os.open(folder / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
    try:
        _take(descriptor, patience_sec)
        yield
    finally:
        os.close(descriptor)


def _take(descriptor: int, patience_sec: float) -> None:
    give_up_at = time.monotonic() + patience_sec
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            if time.monotonic() >= give_up_at:
                raise StoreUnavailable("the folder of voices is busy: try again in a while") from error
            time.sleep(PAUSE_SEC)
        except OSError as error:
            if error.errno not in UNSUPPORTED:
                raise
            logger.warning("the folder of voices has no locks: writers at the same time may undo each other")
            return
        else:
            return
