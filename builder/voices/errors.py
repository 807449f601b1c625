"""What a user of the tool did wrong, or what stands in the way: a message that says what to change."""

from __future__ import annotations

from typing import ClassVar


class StudioError(Exception):
    """Root of the tree; ends the tool with `exit_code`."""

    exit_code: ClassVar[int] = 1


class Misuse(StudioError):
    """The command line lacks something, or says what cannot be."""

    exit_code = 2


class InvalidBundle(StudioError):
    """The archive is not one that `export` wrote, or holds what must not be imported."""


class Outrun(StudioError):
    """Somebody else changes the same voice again and again."""
