"""What can go wrong with a download: each with the tool's exit status, and a message that says what to change."""

from __future__ import annotations

from typing import ClassVar


class FetchError(Exception):
    """Root of the tree; its message holds no token and no signed address."""

    exit_code: ClassVar[int] = 1


class UnknownModel(FetchError):
    """No model of that name, or a list of models that cannot be read."""

    exit_code = 2


class NotPinned(FetchError):
    """The list names no commit or no hash to hold a download against."""

    exit_code = 3


class AccessDenied(FetchError):
    """The Hub does not let this token, or nobody without one, read the repository."""

    exit_code = 4


class NotThere(FetchError):
    """The Hub has no such repository, commit or file."""

    exit_code = 5


class WrongBytes(FetchError):
    """What was received is not what is pinned, in its size or its hash."""

    exit_code = 6


class Unreachable(FetchError):
    """The Hub was not reached, or broke off, once too often."""

    exit_code = 7


class NoSpace(FetchError):
    """The folder's disk cannot hold what is to be fetched."""

    exit_code = 8


class Interrupted(FetchError):
    """One try failed in a way that another may not."""

    def __init__(self, message: str, *, wait_sec: float = 0.0, anew: bool = False) -> None:
        super().__init__(message)
        self.wait_sec = wait_sec
        """How long the server asks to be left alone, in seconds."""
        self.anew = anew
        """Whether the server cannot go on from where we are, so that the next try starts at the beginning."""
