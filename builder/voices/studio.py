"""The studio: what every command works on, and what a command is."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import dataclass

from builder.voices.console import Console
from builder.voices.folder import LibraryFolder
from worker.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Studio:
    """A folder of voices, and somebody to talk to."""

    folder: LibraryFolder
    console: Console
    settings: Settings
    """Those of a worker in this environment."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """One word of the command line."""

    purpose: str
    declare: Callable[[argparse.ArgumentParser], None]
    """Adds its arguments."""
    run: Callable[[argparse.Namespace, Studio], int]
    """Does it; the exit code."""


def names(text: str) -> tuple[str, ...]:
    """The names of a list with commas."""
    return tuple(name.strip() for name in text.split(",") if name.strip())
