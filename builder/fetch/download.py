"""Downloading one file into its place, unless it is there already and is the one that is pinned."""

from __future__ import annotations

import errno
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from builder.fetch.errors import NoSpace
from builder.fetch.hub import Hub
from builder.fetch.manifest import File
from builder.fetch.part import owned, sha256_of
from builder.fetch.transfer import Patience, Transfer

_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """What a download came to."""

    file: File
    """With the size and hash it has."""
    received: int = 0
    """Bytes that came over the network; none where the file was here."""
    duration_sec: float = 0.0


class Downloader:
    """Fetches files from a Hub into folders."""

    def __init__(self, hub: Hub, *, patience: Patience | None = None, say: Callable[[str], None] = print) -> None:
        self._hub = hub
        self._patience = patience or Patience()
        self._say = say

    def fetch(self, repository: str, revision: str, file: File, folder: Path) -> Receipt:
        """The file in `folder`, of the pinned size and hash as far as `file` has them.

        Raises:
            WrongBytes: what the Hub sends is not what is pinned; nothing of it is left.
            Unreachable: the connection failed once too often; what came stays for the next run.
            AccessDenied, NotThere: the Hub does not give it.
            NoSpace: the disk is full.

        """
        target = folder / file.name
        if verified(target, file):
            return Receipt(file=file)
        try:
            return self._fetch(repository, revision, file, target)
        except OSError as error:
            if error.errno not in _FULL:
                raise
            raise NoSpace(f"{file.name}: no space is left on the disk it goes to") from error

    def _fetch(self, repository: str, revision: str, file: File, target: Path) -> Receipt:
        began = time.monotonic()
        target.parent.mkdir(parents=True, exist_ok=True)
        with owned(part_of(target), lambda: self._say(f"{file.name}: another process is fetching it; waiting")) as part:
            if verified(target, file):  # thanks to whoever had the part before
                return Receipt(file=file)
            transfer = Transfer(
                hub=self._hub,
                patience=self._patience,
                say=self._say,
                repository=repository,
                revision=revision,
                file=file,
                part=part,
            )
            transfer.complete()
            part.keep_as(target)
            held = file.model_copy(update={"size": part.size, "sha256": part.sha256})
        return Receipt(file=held, received=transfer.received, duration_sec=time.monotonic() - began)


def verified(target: Path, file: File) -> bool:
    """Whether `target` is there with the pinned size and hash; without a hash, nothing can be said for it."""
    if file.sha256 is None or not target.is_file():
        return False
    return file.size in (None, target.stat().st_size) and sha256_of(target) == file.sha256


def part_of(target: Path) -> Path:
    """Where the bytes of `target` are until it is whole."""
    return target.with_name(f"{target.name}.part")
