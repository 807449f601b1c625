"""Sampling: what the token equality with upstream would seldom come across."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import torch
from torch import Tensor

from worker.engines.chatterbox.decoder.sampler import Sampler
from worker.engines.chatterbox.decoder.sampling import Sampling
from worker.engines.chatterbox.decoder.state import State
from worker.engines.chatterbox.member import MEMBERS, START_SPEECH, Member

LIKELY, SECOND = 7, 8
CPU = torch.device("cpu")


@pytest.mark.parametrize(("name", "then"), [("original", SECOND), ("turbo", START_SPEECH)])
def test_the_start_token_is_penalised_always_in_guided_members_and_once_in_the_others(name: str, then: int) -> None:
    member = MEMBERS[name]
    logits = torch.zeros(1, member.speech_vocabulary)
    logits[0, [START_SPEECH, LIKELY, SECOND]] = torch.tensor([300.0, 240.0, 210.0])  # so far apart that chance is out
    drawn = draws(member, [Sampling(repetition_penalty=2.0)], logits)
    assert [next(drawn).item() for _ in range(2)] == [LIKELY, then]


@pytest.mark.parametrize("name", ["original", "turbo"])
def test_a_row_that_asks_for_less_is_untouched_by_what_its_neighbours_ask_for(name: str) -> None:
    member = MEMBERS[name]
    plain = Sampling(temperature=0.7, repetition_penalty=2.0)
    asking = Sampling(temperature=0.9, top_p=0.5, top_k=3, min_p=0.3)
    logits = torch.randn(2, member.speech_vocabulary, generator=torch.Generator().manual_seed(1))
    logits += 100
    logits[0, START_SPEECH] = 250  # beside which the others' chance is nothing, until it is penalised
    _, alone = preferences(member, [plain], logits[:1], floored=False, ranked=False)
    _, beside = preferences(member, [plain, asking], logits, floored=True, ranked=True)
    assert torch.equal(alone[0], beside[0])
    assert (beside[1] > 0).sum() <= 3


def test_the_likeliest_token_is_kept_whatever_top_p_leaves_out() -> None:
    member = MEMBERS["turbo"]
    logits = torch.randn(1, member.speech_vocabulary, generator=torch.Generator().manual_seed(1))
    _, found = preferences(member, [Sampling(top_p=0.0)], logits, floored=False, ranked=True)
    assert found.nonzero().tolist() == [[0, logits.argmax().item()]]


def draws(member: Member, samplings: list[Sampling], logits: Tensor) -> Iterator[Tensor]:
    """Tokens drawn one after the other, as the decoder's steps do."""
    state, found = preferences(member, samplings, logits, floored=False, ranked=False)
    while True:
        torch.argmax(found, -1, out=state.tokens)
        yield state.tokens
        if not member.guided:
            state.forget_start(0)
        sampler = Sampler(penalty_last=not member.guided, ranks=torch.arange(member.speech_vocabulary))
        found = sampler.preferences(logits, state.noise, state, floored=False, ranked=False)


def preferences(
    member: Member, samplings: list[Sampling], logits: Tensor, *, floored: bool, ranked: bool
) -> tuple[State, Tensor]:
    """Of the first step, in rows that hold these utterances."""
    state = State.empty(rows=len(samplings), vocabulary=member.speech_vocabulary, counted=False, device=CPU)
    for row, sampling in enumerate(samplings):
        state.seat((row,), 5, sampling, seed=1)
    sampler = Sampler(penalty_last=not member.guided, ranks=torch.arange(member.speech_vocabulary))
    return state, sampler.preferences(logits, state.noise, state, floored=floored, ranked=ranked)
