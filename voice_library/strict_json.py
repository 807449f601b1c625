"""JSON as RFC 8259 has it: no duplicate keys, no NaN, no depth that exhausts the stack."""

from __future__ import annotations

import json
from typing import NoReturn


class JsonError(ValueError):
    """What is wrong with the JSON, as a predicate ("is not JSON: line 3, column 5") without quotes of it."""


def parse_json(data: bytes) -> object:
    """The value that `data` spells.

    Raises:
        JsonError: not UTF-8, not JSON, a key twice in one object, NaN or infinity, or nested too deep.
    """
    try:
        return json.loads(data.decode("utf-8"), object_pairs_hook=_unique, parse_constant=_refuse)
    except JsonError:
        raise
    except RecursionError as error:
        raise JsonError("is nested too deep") from error
    except json.JSONDecodeError as error:
        raise JsonError(f"is not JSON: line {error.lineno}, column {error.colno}") from error
    except ValueError as error:  # not UTF-8, or a number of thousands of digits
        raise JsonError("is not JSON") from error


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise JsonError("has the same key twice")
    return members


def _refuse(constant: str) -> NoReturn:
    raise JsonError(f"holds {constant}")
