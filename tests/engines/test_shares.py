"""Shares sum to one, whatever the weights are like."""

from __future__ import annotations

import sys

import pytest

from worker.engines.shares import shares
from worker.errors import InvalidRequest


def test_weights_need_not_sum_to_one() -> None:
    assert shares([3.0, 1.0]) == [0.75, 0.25]
    assert shares([0.2]) == [1.0]


def test_the_order_of_the_weights_changes_nothing() -> None:
    weights = [0.1, 0.7, 0.3, 1e-9]
    forwards, backwards = shares(weights), shares(weights[::-1])
    assert forwards == backwards[::-1]
    assert sum(forwards) == pytest.approx(1)


def test_weights_whose_sum_is_no_number_have_shares_too() -> None:
    assert shares([sys.float_info.max] * 4) == [0.25] * 4


@pytest.mark.parametrize("weights", [[], [0.0], [1.0, -1.0], [float("nan"), 1.0], [float("inf")]], ids=str)
def test_a_weight_is_a_number_over_nothing(weights: list[float]) -> None:
    with pytest.raises(InvalidRequest, match=r"^(a|each voice of a) blend needs"):
        shares(weights)
