"""The fallback of a request: who may speak where the engine or the voice asked for cannot."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, model_validator

from worker.request.options import Strict

MOST_STEPS = 5


class FallbackStep(Strict):
    """One who may take over; at least one of `engine` and `voice` is named."""

    engine: Annotated[str, Field(min_length=1)] | None = None
    """By default the engine asked for, or another that speaks this voice where that one does not."""
    voice: Annotated[str, Field(min_length=1)] | None = None
    """Id, name or alias of a voice; by default the voice asked for, in the realisation that this engine has of it."""
    on: Literal["error", "doubt"] = "error"
    """error: those before it failed; doubt: or what they made did not pass its checks."""

    @model_validator(mode="after")
    def _names_somebody(self) -> FallbackStep:
        if self.engine is None and self.voice is None:
            raise ValueError("name an 'engine', a 'voice', or both")
        return self


def _steps(given: object) -> object:
    """A tuple, for "none" and a list as JSON has it."""
    if isinstance(given, list | tuple):
        return tuple(given)
    if given == "none":
        return ()
    raise ValueError('send \'none\', or a list of steps such as {"engine": "espeak"}')


Fallback = Annotated[
    tuple[FallbackStep, ...],
    Field(max_length=MOST_STEPS),
    BeforeValidator(_steps, json_schema_input_type=Literal["none"] | list[FallbackStep]),
]
"""Those who may take over, in the order in which they are tried; empty, and "none" in a request, is nobody."""
