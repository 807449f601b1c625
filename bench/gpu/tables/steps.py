"""How long T3 takes for a token of everybody, for crowds of every size, beside the floor of the device."""

from __future__ import annotations

import statistics
from collections.abc import Iterator

from bench.gpu.crowd import Crowd, cases, step_ms
from bench.gpu.floor import Speeds, read_bytes, speeds, targets_ms
from bench.gpu.record import Row
from bench.gpu.setup import Setup
from bench.gpu.weights import weights

HEADING = (
    *("member", "precision", "CUDA graphs", "utterances", "ms a token", "slowest round", "tokens a s"),
    *("floor ms", "of the floor", "arithmetic ms", "target ms", "moonshot ms"),
)


def rows(setup: Setup) -> Iterator[Row | str]:
    """A row for each crowd. A step is a token of every utterance, sampling included."""
    yield (
        "floor: weights once, and keys and values up to where the utterances are, by the copy's bytes a second; "
        "arithmetic: matrix products by their operations a second. Targets are an H200's."
    )
    found = speeds(setup)
    for member, variant in cases(setup):
        made = weights(member, setup.device)
        crowd = Crowd(made, member, variant, setup, utterances=max(setup.crowds), tokens=setup.tokens + 1)
        del made
        for utterances in setup.crowds:
            yield _row(crowd, found, utterances)


def _row(crowd: Crowd, found: Speeds, utterances: int) -> Row:
    member, variant, setup = crowd.member, crowd.variant, crowd.setup
    if variant.graphs:  # each that occurs on the way is recorded first
        crowd.gather(utterances)
        crowd.steps(setup.tokens)
        crowd.disperse()
    crowd.gather(utterances)
    crowd.steps(setup.warm_steps)
    began = crowd.reach
    rounds = [step_ms(crowd) for _ in range(setup.rounds)]
    rows, position = utterances * (2 if member.guided else 1), (began + crowd.reach) / 2
    crowd.disperse()
    median_ms = statistics.median(rounds)
    floor_ms = found.bytes_ms(read_bytes(member, variant.precision, rows=rows, position=position))
    target, moonshot = targets_ms(member.name, utterances, floor_ms)
    return {
        "member": member.name,
        **variant.cells,
        "utterances": utterances,
        "ms a token": median_ms,
        "slowest round": max(rounds),
        "tokens a s": 1e3 * utterances / median_ms,
        "floor ms": floor_ms,
        "of the floor": median_ms / floor_ms,
        "arithmetic ms": found.sums_ms(member, rows, variant.precision),
        "target ms": target,
        "moonshot ms": moonshot,
    }
