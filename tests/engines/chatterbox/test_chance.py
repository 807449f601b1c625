"""Computed chance is exponential, and no seed, step or token tells anything of another."""

from __future__ import annotations

import pytest
import torch
from scipy import stats
from torch import Tensor

from worker.engines.chatterbox.decoder import chance

VOCABULARY = 6563
SEEDS = 150
LEAST_LIKELY = 1e-4
"""What a test's result has to be less likely than, given true chance, to be taken for a fault; seeds are fixed."""
TOKENS = chance.places(VOCABULARY, torch.device("cpu"))


def by_seed(first: int = 0, step: int = 5) -> Tensor:
    """Neighbouring seeds, at one step."""
    keys = torch.tensor([[chance.key(first + index)] for index in range(SEEDS)])
    return chance.exponential(keys, torch.full((SEEDS, 1), step), TOKENS)


def by_step(seed: int = 7, steps: int = SEEDS) -> Tensor:
    """Neighbouring steps of one seed."""
    return chance.exponential(torch.full((steps, 1), chance.key(seed)), torch.arange(steps)[:, None], TOKENS)


@pytest.mark.parametrize("drawn", [by_seed(), by_seed(2**32 - 9), by_step()], ids=["seeds", "great seeds", "steps"])
def test_its_numbers_are_exponential_and_so_is_the_least_of_many_which_decides(drawn: Tensor) -> None:
    assert stats.kstest(drawn.flatten().numpy(), "expon").pvalue > LEAST_LIKELY
    least = drawn.amin(-1).double() * VOCABULARY
    assert stats.kstest(least.numpy(), "expon").pvalue > LEAST_LIKELY


@pytest.mark.parametrize("apart", [1, 2, 3, 16, 64])
def test_neighbours_in_token_in_seed_and_in_step_are_not_alike(apart: int) -> None:
    seeds, steps = by_seed(), by_step()
    for one, other in [
        (seeds[:, apart:], seeds[:, :-apart]),
        (seeds[apart:], seeds[:-apart]),
        (steps[apart:], steps[:-apart]),
        (seeds, by_seed(step=5 + apart)),
        (seeds[apart:, apart:], seeds[:-apart, :-apart]),
        (steps[apart:, apart:], steps[:-apart, :-apart]),
    ]:
        correlation = stats.pearsonr((-one).exp().flatten().numpy(), (-other).exp().flatten().numpy()).statistic
        assert 2 * stats.norm.sf(abs(correlation) * one.numel() ** 0.5) > LEAST_LIKELY


def test_tokens_are_drawn_as_often_as_they_are_likely() -> None:
    chances = torch.randn(40, generator=torch.Generator().manual_seed(1)).double().softmax(-1)
    steps = torch.arange(20_000)[:, None]
    drawn = (chances / chance.exponential(torch.tensor([[chance.key(3)]]), steps, TOKENS[:40])).argmax(-1)
    found = drawn.bincount(minlength=40)
    assert stats.chisquare(found.numpy(), (chances * len(steps)).numpy()).pvalue > LEAST_LIKELY


def test_a_number_depends_on_its_seed_step_and_token_alone() -> None:
    keys, steps = torch.tensor([[chance.key(seed)] for seed in (1, 2, 3)]), torch.tensor([[4], [0], [9]])
    together = chance.exponential(keys, steps, TOKENS)
    for row in range(3):
        alone = chance.exponential(keys[row : row + 1], steps[row : row + 1], TOKENS[:100])
        assert torch.equal(alone[0], together[row, :100])


def test_its_numbers_stay_what_they_are() -> None:
    drawn = chance.exponential(torch.tensor([[chance.key(42)]]), torch.tensor([[3]]), TOKENS[:3])
    torch.testing.assert_close(drawn, torch.tensor([[0.32486504, 1.0317271, 1.0596813]]), rtol=1e-6, atol=0)
