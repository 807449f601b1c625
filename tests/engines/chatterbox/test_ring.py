"""The ring: tokens arrive in order, as they were when they were sent."""

from __future__ import annotations

import torch

from worker.engines.chatterbox.decoder.ring import HostRing, ring


def test_tokens_that_change_after_they_were_sent_are_read_as_they_were() -> None:
    tokens = torch.zeros(2, dtype=torch.long)
    sent = ring(tokens, places=3)
    assert isinstance(sent, HostRing)
    for first in (0, 3, 6):
        for step in range(first, first + 3):
            tokens.fill_(step)
            sent.send(tokens)
        assert [sent.read() for _ in range(3)] == [[step, step] for step in range(first, first + 3)]


def test_it_goes_on_in_the_same_memory_while_some_are_not_read_yet() -> None:
    tokens = torch.zeros(1, dtype=torch.long)
    sent = ring(tokens, places=2)
    sent.send(tokens.fill_(-1))
    for step in range(5):
        sent.send(tokens.fill_(step))
        assert sent.read() == [step - 1]
