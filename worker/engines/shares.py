"""The shares of a blend: how much of each speaker is in it."""

from __future__ import annotations

import math
from collections.abc import Sequence

from worker.errors import InvalidRequest


def shares(weights: Sequence[float]) -> list[float]:
    """The weights in their order, brought to a sum of one; whatever that order is, each gets the same share.

    Raises:
        InvalidRequest: there are none, or one of them is not a number over 0.

    """
    if not weights:
        raise InvalidRequest("a blend needs at least one voice")
    if not all(0 < weight < math.inf for weight in weights):
        raise InvalidRequest("each voice of a blend needs a weight over 0: leave out the voices that have none")
    most = max(weights)
    parts = [weight / most for weight in weights]  # whose sum, unlike theirs, is always a number
    whole = math.fsum(parts)
    return [part / whole for part in parts]
