"""A file system that is soon full: of bytes or of files."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest


@contextmanager
def full_disk(
    folder: Path, size_bytes: int, *, max_files: int | None = None, read_only: bool = False
) -> Iterator[Path]:
    """A tmpfs of this size on `folder`, an empty one; skips the test where nothing can be mounted.

    The kernel rounds the size up to whole pages; the root folder counts as one of `max_files`.
    """
    if os.geteuid() != 0:
        pytest.skip("only root can mount a small file system")
    options = [f"size={size_bytes}", "ro" if read_only else "rw"]
    if max_files is not None:
        options.append(f"nr_inodes={max_files}")
    command = ["mount", "-t", "tmpfs", "-o", ",".join(options), "tmpfs", str(folder)]
    mounted = subprocess.run(command, capture_output=True, text=True, check=False)
    if mounted.returncode != 0:
        pytest.skip(f"this machine cannot mount a small file system: {mounted.stderr.strip()}")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)
