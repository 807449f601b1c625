"""Memory: how many utterances a member has room for on its device, judged before anything is loaded."""

from __future__ import annotations

import logging
from pathlib import Path

import psutil
import torch

from worker.engines.chatterbox.layout import layout_of
from worker.engines.chatterbox.member import Member
from worker.errors import EngineUnavailable

WORKING_BYTES = 512 * 2**20
"""What computing takes besides weights and cache: the flow over forty seconds and its recording."""
KEPT_BYTES = 2**30
"""What prompts take in the end, of the voices used last; they are fewer where only one utterance has room."""
SHORTAGE = (torch.OutOfMemoryError, MemoryError)
"""What is raised where memory runs out."""

logger = logging.getLogger(__name__)


def row_bytes(member: Member, *, length: int, cache: torch.dtype = torch.float32) -> int:
    """Bytes of the keys and values of one row of `length` positions, kept as `cache`."""
    return 2 * member.layers * member.hidden * length * cache.itemsize


def free_bytes(device: torch.device) -> int:
    """Bytes that nobody uses."""
    if device.type == "cuda":
        return torch.cuda.mem_get_info(device)[0]
    return int(psutil.virtual_memory().available)


def release_cached() -> None:
    """Gives back what torch keeps of a GPU's memory for later, which may lie in pieces too small for anything."""
    if torch.cuda.is_initialized():  # type: ignore[no-untyped-call]  # torch does not type it
        torch.cuda.empty_cache()


def room(
    member: Member,
    folder: Path,
    device: torch.device,
    *,
    most: int,
    length: int,
    cache: torch.dtype = torch.float32,
) -> int:
    """Utterances side by side, at most `most`, that there is memory for besides the weights and all else it takes.

    Each is counted as guided where the member can be.

    Raises:
        EngineUnavailable: there is none for a single one; with the numbers.

    """
    fixed = sum((folder / name).stat().st_size for name in layout_of(member, folder).needed) + WORKING_BYTES
    each = row_bytes(member, length=length, cache=cache) * (2 if member.guided else 1)
    free = free_bytes(device)
    fitting = min(most, max(1, (free - fixed - KEPT_BYTES) // each))
    if free < fixed + each:
        raise EngineUnavailable(
            f"{member.engine}: it needs {_gib(fixed + each)} GiB on {device} for one utterance at a time and "
            f"{_gib(free)} GiB are free: load fewer engines"
        )
    if fitting < most:
        gib = {"free_gib": free, "model_gib": fixed, "voices_gib": KEPT_BYTES, "utterance_gib": each}
        figures: dict[str, object] = {name: round(number / 2**30, 2) for name, number in gib.items()}
        figures |= {"engine": member.engine, "batch_size": fitting, "wanted": most}
        logger.warning(
            "there is memory for fewer utterances side by side than TTS_BATCH_SIZE", extra={"figures": figures}
        )
    return fitting


def _gib(number: int) -> str:
    return f"{number / 2**30:.2f}"
