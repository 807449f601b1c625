"""Reduced precision and computed chance: how far from single precision, and what a job says whatever is beside it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
import torch
from torch import Tensor

from tests.engines.chatterbox.conftest import Pair
from tests.engines.chatterbox.job import Job, jobs_for
from worker.engines.chatterbox.arithmetic.precision import Precision
from worker.engines.chatterbox.decoder.decoder import Decoder
from worker.engines.chatterbox.decoder.sampling import Sampling

HALF = torch.bfloat16
SINGLE = torch.float32
COUNTED = {
    "single": Precision(name="balanced", counted=True),
    "half": Precision(name="balanced", weights=HALF, cache=HALF, counted=True),
}
LOGIT_ERROR = 0.02
"""Of bfloat16, which has eight bits, against single precision: root mean square, relative to that of the logits."""


@pytest.fixture(params=list(COUNTED))
def precision(request: pytest.FixtureRequest) -> Precision:
    return COUNTED[request.param]


def decoder_of(pair: Pair, precision: Precision, rows: int = 10, ahead: int = 0) -> Decoder:
    return Decoder(pair._weights, pair.member, rows=rows, length=600, ahead=ahead, precision=precision)


def logits(decoder: Decoder, job: Job, steps: int) -> Tensor:
    """What tokens were drawn from, with tokens of which the drawing has no part."""
    found: list[Tensor] = []
    head = decoder._step.head

    class Watched:
        def __call__(self, given: Tensor) -> Tensor:
            found.append(head(given))
            return found[-1]

    decoder._step = replace(decoder._step, head=Watched(), _firsts={})  # type: ignore[arg-type]
    slot = replace(job, token_limit=steps + 1).admitted(decoder)
    for step in range(steps):
        decoder.step()
        decoder._state.tokens[list(slot.rows)] = 100 + step
    decoder.release(slot)
    return torch.cat(found)


def test_logits_in_half_precision_are_those_in_single_up_to_its_rounding(pair: Pair) -> None:
    job = jobs_for(pair.member)[1]
    exact, rough = (logits(decoder_of(pair, precision), job, 12) for precision in COUNTED.values())
    assert exact.dtype == rough.dtype == SINGLE
    assert 0 < (rough - exact).square().mean().sqrt() < LOGIT_ERROR * exact.square().mean().sqrt()


def test_a_job_says_the_same_alone_in_company_in_another_row_and_again(pair: Pair, precision: Precision) -> None:
    """In half precision this holds where the library's products of a row do not depend on how many rows there are."""
    jobs = jobs_for(pair.member)
    decoder = decoder_of(pair, precision)
    alone = [job.alone(decoder) for job in jobs]
    assert jobs[0].alone(decoder) == alone[0]
    for order in (list(range(5)), [4, 2, 0, 3, 1]):
        slots = {}
        for index in order:
            slots[index] = jobs[index].admitted(decoder)
            decoder.step()
        while any(slot.end is None for slot in slots.values()):
            decoder.step()
        assert [slots[index].tokens for index in range(5)] == alone


@pytest.mark.parametrize("ahead", [1, 4])
def test_a_job_says_the_same_however_far_steps_run_ahead(pair: Pair, precision: Precision, ahead: int) -> None:
    jobs = jobs_for(pair.member)
    expected = [job.alone(decoder_of(pair, precision)) for job in jobs]
    decoder = decoder_of(pair, precision, rows=4, ahead=ahead)
    waiting, slots = list(jobs), []
    while waiting or any(slot.end is None for slot in slots):
        while waiting and decoder.free_rows > 1:
            slots.append(waiting.pop(0).admitted(decoder))
        decoder.step()
    assert [slot.tokens for slot in slots] == expected
    assert decoder.free_rows == 4


def test_another_seed_says_something_else(pairs: Callable[[str], Pair]) -> None:
    pair = pairs("nano")
    decoder = decoder_of(pair, COUNTED["single"])
    job = replace(jobs_for(pair.member)[3], sampling=Sampling(temperature=5.0))
    assert len({tuple(replace(job, seed=seed).alone(decoder)) for seed in range(6)}) == 6
