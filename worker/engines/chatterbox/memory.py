"""Memory: whether a member fits on its device, judged before anything is loaded."""

from __future__ import annotations

from pathlib import Path

import psutil
import torch

from worker.engines.chatterbox.location import files
from worker.engines.chatterbox.member import Member
from worker.errors import EngineUnavailable

FLOAT_BYTES = 4
WORKING_BYTES = 512 * 2**20
"""What computing takes besides weights and cache: the flow over forty seconds and its recording."""


def needed_bytes(member: Member, folder: Path, *, rows: int, length: int) -> int:
    """Bytes that `member` takes with `rows` rows of `length` positions: weights, keys and values, and room to work."""
    weights = sum((folder / name).stat().st_size for name in files(member))
    keys_and_values = 2 * member.layers * member.hidden * rows * length * FLOAT_BYTES
    return weights + keys_and_values + WORKING_BYTES


def free_bytes(device: torch.device) -> int:
    """Bytes that nobody uses."""
    if device.type == "cuda":
        return torch.cuda.mem_get_info(device)[0]
    return int(psutil.virtual_memory().available)


def check(member: Member, folder: Path, device: torch.device, *, rows: int, length: int) -> None:
    """Does nothing where there is room.

    Raises:
        EngineUnavailable: with the numbers, and what takes less.

    """
    needed, free = needed_bytes(member, folder, rows=rows, length=length), free_bytes(device)
    if needed > free:
        raise EngineUnavailable(
            f"{member.engine}: it needs {needed / 2**30:.1f} GiB on {device} and {free / 2**30:.1f} GiB are free: "
            "lower TTS_BATCH_SIZE, or load fewer engines"
        )
