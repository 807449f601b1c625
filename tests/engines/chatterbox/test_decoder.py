"""The decoder says, token for token, what upstream's package says, whatever shares the batch."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from builder import upstream_modules as modules
from builder.random_checkpoint import write_t3
from tests.engines.chatterbox.conftest import Pair
from tests.engines.chatterbox.job import jobs_for
from worker.engines.chatterbox.decoder.decoder import Decoder, Slot
from worker.engines.chatterbox.member import MEMBERS
from worker.errors import EngineFailed


def test_one_job_alone_is_upstreams_token_for_token(pair: Pair) -> None:
    decoder = pair.decoder()
    for job in jobs_for(pair.member):
        assert job.alone(decoder) == pair.upstream(job)


def test_jobs_that_join_late_and_leave_early_are_each_upstreams(pair: Pair) -> None:
    decoder = pair.decoder()
    slots = []
    for job in jobs_for(pair.member):
        slots.append(job.admitted(decoder))
        for _ in range(5):
            decoder.step()
    finish(decoder, slots)
    assert [slot.tokens for slot in slots] == [pair.upstream(job) for job in jobs_for(pair.member)]


def test_some_jobs_end_with_their_speech_and_others_at_their_limit(pair: Pair) -> None:
    decoder = pair.decoder()
    jobs = jobs_for(pair.member)
    slots = [job.admitted(decoder) for job in jobs]
    finish(decoder, slots)
    for job, slot in zip(jobs, slots, strict=True):
        assert slot.end == ("limit" if len(pair.upstream(job)) == job.token_limit else "spoken")
    assert {slot.end for slot in slots} == {"limit", "spoken"}
    assert decoder.step() == []


def test_a_job_without_guidance_costs_one_row(pair: Pair) -> None:
    decoder = pair.decoder()
    guided, *_, unguided = jobs_for(pair.member)
    assert len(guided.admitted(decoder).rows) == (2 if pair.member.guided else 1)
    assert len(unguided.admitted(decoder).rows) == 1


def test_a_row_is_used_again_and_tells_nothing_of_the_job_before(pair: Pair) -> None:
    decoder = pair.decoder(rows=2)
    first, second, *_ = jobs_for(pair.member)
    for job in (first, second, first):
        assert job.alone(decoder) == pair.upstream(job)
    assert decoder.free_rows == 2


def test_cancelling_one_job_and_taking_another_leaves_the_rest_as_they_were(pair: Pair) -> None:
    jobs = jobs_for(pair.member)
    decoder = pair.decoder(rows=10)
    slots = [job.admitted(decoder) for job in jobs]
    for _ in range(2):
        decoder.step()
    cancelled = slots.pop(1)
    for _ in range(2):
        decoder.release(cancelled)
    slots.append(replace(jobs[1], seed=99).admitted(decoder))
    finish(decoder, slots)
    assert cancelled.end == "released"
    assert cancelled.tokens == pair.upstream(jobs[1])[:2]
    kept = [*jobs[:1], *jobs[2:]]
    assert [slot.tokens for slot in slots[:-1]] == [pair.upstream(job) for job in kept]


@pytest.mark.parametrize("ahead", [1, 5])
def test_steps_run_ahead_of_the_reader_change_nothing(pair: Pair, ahead: int) -> None:
    jobs = jobs_for(pair.member)
    decoder = pair.decoder(rows=4, ahead=ahead)
    waiting, slots = list(jobs), []
    while waiting or any(slot.end is None for slot in slots):
        while waiting and decoder.free_rows > 1:
            slots.append(waiting.pop(0).admitted(decoder))
        decoder.step()
    assert [slot.tokens for slot in slots] == [pair.upstream(job) for job in jobs]
    assert decoder.free_rows == 4


def test_an_opening_serves_every_text_in_its_voice(pair: Pair) -> None:
    job = jobs_for(pair.member)[0]
    decoder = pair.decoder()
    opening = decoder.opening(job.voice)
    before = opening.clone()
    slots = [replace(job, seed=seed).admitted(decoder, opening) for seed in (job.seed, 98)]
    finish(decoder, slots)
    assert slots[0].tokens == pair.upstream(job)
    assert torch.equal(opening, before)


def test_what_does_not_fit_is_refused_and_takes_no_row(pair: Pair) -> None:
    decoder = pair.decoder(rows=1)
    job = jobs_for(pair.member)[-1]
    with pytest.raises(EngineFailed, match="room"):
        replace(job, token_limit=600).admitted(decoder)
    job.admitted(decoder)
    with pytest.raises(EngineFailed, match="taken"):
        job.admitted(decoder)


def finish(decoder: Decoder, slots: list[Slot]) -> None:
    while any(slot.end is None for slot in slots):
        decoder.step()


def test_nano_at_its_full_size_says_what_upstream_says(tmp_path: Path) -> None:
    nano = MEMBERS["nano"]
    weights = load_file(write_t3(nano, tmp_path, seed=2))
    t3 = modules.t3(nano)
    t3.load_state_dict(weights)
    decoder = Decoder(weights, nano, rows=3, length=500)
    jobs = [replace(job, token_limit=40) for job in jobs_for(nano)[:3]]
    slots = [job.admitted(decoder) for job in jobs]
    finish(decoder, slots)
    assert [slot.tokens for slot in slots] == [job.upstream(t3.eval()) for job in jobs]
