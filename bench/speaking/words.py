"""What is said, and how upstream is told how much of it there is to be."""

from __future__ import annotations

from typing import Any

TEXT = (
    "The ferry left the harbour at half past seven, and by the time the fog had lifted nobody on board could say "
    "which of the islands was theirs."
)
"""About as much as ten seconds hold."""


def limit(t3: Any, tokens: int, *, guided: bool) -> None:
    """Has upstream's T3 say so many tokens of an utterance, whatever `generate` asks of it."""
    name = "inference" if guided else "inference_turbo"
    # The other loop draws one token more than it is told.
    most = {"max_new_tokens": tokens} if guided else {"max_gen_len": tokens - 1}
    whole = getattr(type(t3), name)
    setattr(t3, name, lambda *given, **named: whole(t3, *given, **{**named, **most}))
