"""Every error the voice library raises on purpose: a stable code, and a message without paths."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from pydantic import ValidationError

ECHO_LIMIT = 64
"""Characters; no id is longer, so a longer string is no slip of the pen and is not repeated."""


class VoiceLibraryError(Exception):
    """Root of the tree; `str(error)` may be shown to a caller."""

    code: ClassVar[str]
    retryable: ClassVar[bool] = False
    """Whether the same may go well another time."""


class UnknownVoice(VoiceLibraryError):
    """No voice or profile has that id, name or alias."""

    code = "unknown_voice"

    def __init__(self, name: str, *, close: Sequence[str] = (), voices: int, profiles: int) -> None:
        shown = quoted(name) if may_echo(name) else "of that name"
        hint = f"; did you mean {' or '.join(map(repr, close))}?" if close else "; list them to see their ids"
        super().__init__(f"no voice or profile {shown}{hint} ({voices} voices and {profiles} profiles exist)")


class InvalidVoiceFile(VoiceLibraryError):
    """The bytes are not a voice file of a version known here, or break one of its limits."""

    code = "invalid_voice_file"


class UntrustedVoice(VoiceLibraryError):
    """A voice that somebody sent bears no seal, or none that was made with a key known here."""

    code = "untrusted_voice"


class InvalidCatalog(VoiceLibraryError):
    """The catalogue is missing, malformed, or contradicts itself or its voice files."""

    code = "invalid_catalog"


class VoiceChanged(VoiceLibraryError):
    """A voice's file was replaced or removed between the listing of the library and its first use."""

    code = "voice_changed"
    retryable = True


class StoreUnavailable(VoiceLibraryError):
    """Where voices are kept that are made while workers run cannot be reached, or refuses."""

    code = "voice_store_unavailable"
    retryable = True


class NameTaken(VoiceLibraryError):
    """A new voice has the name of one that may not, or is not to be, replaced."""

    code = "voice_exists"


class NotRemovable(VoiceLibraryError):
    """A voice is to be removed that was not saved by a job."""

    code = "voice_not_removable"


def may_echo(text: str) -> bool:
    """Whether `text` is short and printable enough to stand in a message."""
    return len(text) <= ECHO_LIMIT and text.isprintable()


def quoted(text: str) -> str:
    """`text` in quotes, or a stand-in where it may not be echoed."""
    return f"'{text}'" if may_echo(text) else "'…'"


def first_problem(error: ValidationError) -> str:
    """Where the first problem lies and what it is, without the value that caused it."""
    problem = error.errors(include_url=False, include_input=False, include_context=False)[0]
    where = ".".join(str(step) if may_echo(str(step)) else "…" for step in problem["loc"])
    what = problem["msg"].removeprefix("Value error, ")
    return f"{where}: {what}" if where else what
