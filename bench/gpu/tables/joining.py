"""How long a short utterance waits for its first token when others are under way, and how long it holds them up."""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator
from dataclasses import dataclass

from bench.gpu.crowd import Crowd, cases, step_ms
from bench.gpu.record import Row
from bench.gpu.setup import Setup
from bench.gpu.weights import weights

HEADING = (
    *("member", "precision", "CUDA graphs", "others", "ms to its first token", "worst", "ms to its last"),
    *("others: ms a token before", "others: longest wait ms"),
)
TOKENS = 25
"""A second of audio."""
REPEATS, SMALL_REPEATS = 5, 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Joined:
    """One utterance's way through a crowd, in milliseconds."""

    first_ms: float
    last_ms: float
    longest_ms: float
    """Longest that a step took from its prompt to its last token, which the others waited for as well."""


def rows(setup: Setup) -> Iterator[Row | str]:
    """Alone and among others; its voice is known, its text is not."""
    yield "from `admit`, prefill included, to the token on the host; the others have been speaking for a while"
    repeats, tokens = (SMALL_REPEATS, 3) if setup.small else (REPEATS, TOKENS)
    for member, variant in cases(setup):
        made = weights(member, setup.device)
        room = setup.warm_steps + setup.steps + (repeats + 1) * (tokens + 2 * setup.ahead + 2)
        crowd = Crowd(made, member, variant, setup, utterances=setup.among + 1, tokens=room)
        for others in (0, setup.among):
            crowd.gather(others)
            crowd.steps(setup.warm_steps)
            before_ms = step_ms(crowd) if others else None
            _joined(crowd, tokens)
            joined = [_joined(crowd, tokens) for _ in range(repeats)]
            crowd.disperse()
            yield {
                "member": member.name,
                **variant.cells,
                "others": others,
                "ms to its first token": statistics.median(each.first_ms for each in joined),
                "worst": max(each.first_ms for each in joined),
                "ms to its last": statistics.median(each.last_ms for each in joined),
                "others: ms a token before": before_ms,
                "others: longest wait ms": max(each.longest_ms for each in joined) if others else None,
            }


def _joined(crowd: Crowd, tokens: int) -> Joined:
    began = step_began = time.perf_counter()
    slot = crowd.admit(crowd.prompt(), seed=len(crowd.slots), tokens=tokens)
    first, longest = 0.0, 0.0
    while slot.end is None:
        crowd.steps(1)
        now = time.perf_counter()
        longest, step_began = max(longest, now - step_began), now
        first = first or (now - began if slot.tokens else 0.0)
    last = time.perf_counter() - began
    crowd.slots.remove(slot)
    return Joined(first_ms=1e3 * first, last_ms=1e3 * last, longest_ms=1e3 * longest)
