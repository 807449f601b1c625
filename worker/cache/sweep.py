"""Sweeping a folder: what is too old, too much, or was left half-written goes."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from worker.cache.key import is_key

PARTIAL_PREFIX = ".partial-"
PARTIAL_TTL_SEC = 3600.0
"""After it nobody writes any more: an entry takes seconds."""
ROOM_SHARE = 1 / 10
"""Of the bound: what is freed beyond it, so that the next sweep is not due at once."""

_SHARD = re.compile(r"[0-9a-f]{2}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Swept:
    """What a sweep found and did."""

    size_bytes: int
    """Of the entries that are left."""
    evicted: int
    expired: int
    leftovers: int
    """Files of writers that died."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _File:
    path: Path
    size_bytes: int
    used_at: float
    """Seconds since the epoch."""


def sweep(folder: Path, *, max_bytes: int, ttl_sec: float, now: float) -> Swept:
    """Removes entries unused for `ttl_sec`, then those used longest ago until the rest is within `max_bytes`.

    Files that are not of the cache are left alone, wherever they lie.

    Raises:
        OSError: the folder cannot be read, or a file in it cannot be removed.

    """
    files = sorted(_files(folder), key=lambda file: file.used_at)
    leftovers = [file for file in files if not is_key(file.path.name) and file.used_at + PARTIAL_TTL_SEC < now]
    entries = [file for file in files if is_key(file.path.name)]
    expired = [file for file in entries if file.used_at + ttl_sec < now]
    kept = entries[len(expired) :]
    size_bytes = sum(file.size_bytes for file in kept)
    evicted = _first_of(kept, size_bytes - max_bytes + ROOM_SHARE * max_bytes) if size_bytes > max_bytes else []
    for file in (*leftovers, *expired, *evicted):
        file.path.unlink(missing_ok=True)
    return Swept(
        size_bytes=size_bytes - sum(file.size_bytes for file in evicted),
        evicted=len(evicted),
        expired=len(expired),
        leftovers=len(leftovers),
    )


def _first_of(files: list[_File], bytes_to_free: float) -> list[_File]:
    """As many from the front as have so many bytes together."""
    chosen: list[_File] = []
    freed = 0
    for file in files:
        if freed >= bytes_to_free:
            break
        chosen.append(file)
        freed += file.size_bytes
    return chosen


def _files(folder: Path) -> Iterator[_File]:
    for shard in _listed(folder):
        if _SHARD.fullmatch(shard.name) and shard.is_dir(follow_symlinks=False):
            for found in _listed(shard.path):
                if is_key(found.name) or found.name.startswith(PARTIAL_PREFIX):
                    yield from _file(found)


def _file(found: os.DirEntry[str]) -> Iterator[_File]:
    try:
        status = found.stat(follow_symlinks=False)
    except FileNotFoundError:  # another process was faster
        return
    if found.is_file(follow_symlinks=False):
        yield _File(path=Path(found.path), size_bytes=status.st_size, used_at=status.st_mtime)


def _listed(folder: Path | str) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as found:
            return list(found)
    except FileNotFoundError:
        return []
