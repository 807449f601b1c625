"""Stamps: the moments of a process's start, a line of JSON each on its standard output."""

from __future__ import annotations

import json
import os
import re
import time
from pathlib import Path

STATUS = Path("/proc/self/status")
KIBIBYTE = 1024


def stamp(phase: str) -> None:
    """Says that `phase` is over; written past whatever else prints."""
    line = json.dumps({"phase": phase, "at_sec": time.monotonic(), "peak_bytes": _peak_bytes()})
    os.write(1, f"{line}\n".encode())


def _peak_bytes() -> int | None:
    """The most memory that was resident, if the system says so.

    What `getrusage` says is no less than that of the process that began this one.
    """
    found = re.search(r"^VmHWM:\s*(\d+) kB$", STATUS.read_text(encoding="ascii"), re.MULTILINE)
    return None if found is None else int(found[1]) * KIBIBYTE
