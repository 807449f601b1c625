"""Sampling: what the token equality with upstream would seldom come across."""

from __future__ import annotations

import pytest
import torch

from worker.engines.chatterbox.decoder.sampling import Sampler, Sampling
from worker.engines.chatterbox.member import MEMBERS, START_SPEECH

LIKELY, SECOND = 7, 8


@pytest.mark.parametrize(("name", "then"), [("original", SECOND), ("turbo", START_SPEECH)])
def test_the_start_token_is_penalised_always_in_guided_members_and_once_in_the_others(name: str, then: int) -> None:
    member = MEMBERS[name]
    sampler = Sampler(member, rows=1, device="cpu")
    sampler.seat(0, Sampling(repetition_penalty=2.0), torch.Generator().manual_seed(1))
    logits = torch.zeros(1, member.speech_vocabulary)
    logits[0, [START_SPEECH, LIKELY, SECOND]] = torch.tensor([300.0, 240.0, 210.0])  # so far apart that chance is out
    assert [sampler.draw(logits).item() for _ in range(2)] == [LIKELY, then]
