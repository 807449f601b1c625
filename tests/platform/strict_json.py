"""JSON as the standard has it: no NaN, no Infinity."""

from __future__ import annotations

import json
from typing import NoReturn


def parse_object(body: bytes) -> dict[str, object]:
    """Raises: ValueError if the body is not one JSON object in UTF-8."""
    value = json.loads(body.decode("utf-8"), parse_constant=_refuse)
    if not isinstance(value, dict):
        raise ValueError("not a JSON object")  # noqa: TRY004 - callers know one error for a bad body
    return value


def _refuse(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")
