"""A process that stands still for a while, as after a thaw or on an overloaded host."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager

import psutil

STOP_SEC = 5.0
"""A process that a signal does not reach in this time is stuck in the kernel."""


@contextmanager
def frozen(pid: int, seconds: float, *, group: bool = False) -> Iterator[None]:
    """Stops the process (or its whole group) for so long at least, however short the body; then it goes on."""
    send = os.killpg if group else os.kill
    until = time.monotonic() + seconds
    send(pid, signal.SIGSTOP)
    try:
        _wait_until_stopped(psutil.Process(pid))
        yield
        time.sleep(max(0.0, until - time.monotonic()))
    finally:
        send(pid, signal.SIGCONT)


def _wait_until_stopped(process: psutil.Process) -> None:
    deadline = time.monotonic() + STOP_SEC
    while process.status() != psutil.STATUS_STOPPED:
        if time.monotonic() > deadline:
            raise TimeoutError(f"process {process.pid} is {process.status()}")
        time.sleep(0.001)
