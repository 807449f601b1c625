"""Sampling: how the next token of an utterance is to be drawn."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Sampling:
    """How a token is drawn; the defaults leave the model's own distribution."""

    temperature: float = 1.0
    """Above 0."""
    repetition_penalty: float = 1.0
    """From 1 up."""
    min_p: float = 0.0
    """Of the guided members."""
    top_p: float = 1.0
    top_k: int | None = None
    """Of the others."""
    cfg_weight: float = 0.0
    """Of the guided members, for a prompt of two rows."""

    @property
    def floors(self) -> bool:
        """Whether tokens are left out for being far less likely than the likeliest."""
        return self.min_p > 0

    @property
    def ranks(self) -> bool:
        """Whether tokens are put in order to see which of them are left out."""
        return self.top_p < 1 or bool(self.top_k)
