"""The checks that every engine's renderings go through."""

from __future__ import annotations

from worker.guards.check import Check
from worker.guards.duration import InnerSilence, TooLong, TooShort
from worker.guards.levels import LevelJump
from worker.guards.limit import TokenLimit
from worker.guards.repetition import RepeatedSound, RepeatedTokens
from worker.guards.sound import Clipped, NonFinite, Offset, Silent, SteadyNoise


def usual_checks() -> tuple[Check, ...]:
    """All that need no model, the cheap ones and those whose findings are fatal first."""
    return (
        NonFinite(),
        Silent(),
        TokenLimit(),
        TooShort(),
        TooLong(),
        InnerSilence(),
        SteadyNoise(),
        RepeatedTokens(),
        RepeatedSound(),
        LevelJump(),
        Clipped(),
        Offset(),
    )
