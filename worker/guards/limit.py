"""The engine's own word that it did not come to the end."""

from __future__ import annotations

from dataclasses import dataclass

from worker.audio.clip import Clip
from worker.engines.base import Utterance, Verdict
from worker.guards.check import Finding


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenLimit:
    """The engine stopped at the longest audio it makes at once: the text is cut, or it did not stop talking."""

    name: str = "token_limit"

    def judge(self, utterance: Utterance, clip: Clip, verdict: Verdict) -> Finding | None:  # noqa: ARG002 - the engine's word
        """Whether the verdict says so."""
        return Finding(name=self.name, severity=0.9) if verdict.end == "token_limit" else None
