"""How many operations a mel costs, and that none waits; on a server's processor these are what takes the time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pytest

from tests.engines.chatterbox.flow.conftest import Pair, drawn
from tests.engines.chatterbox.test_dispatches import Count
from worker.engines.chatterbox.flow import attention
from worker.engines.chatterbox.flow.flow import Piece


class CountInInference(Count):
    """In inference mode what is made of other operations is seen as well: `item` instead of what it reads with."""

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        self.syncs += func.__name__.partition(".")[0] in {"item", "tolist", "__bool__"}
        return super().__torch_dispatch__(func, types, args, kwargs)


def operations(pair: Pair, pieces: Sequence[Piece]) -> int:
    flow = pair.ours()
    with CountInInference() as count:
        flow.mels(pieces)
    assert count.syncs == 0
    return count.total


@pytest.mark.parametrize(
    ("meanflow", "most", "share"), [(False, 6_570, 0.5), (True, 1_480, 0.5)], ids=["guided", "meanflow"]
)
def test_a_mel_of_a_full_model_costs_a_share_of_upstreams_operations_and_waits_for_none(
    flows: Callable[..., Pair], monkeypatch: pytest.MonkeyPatch, *, meanflow: bool, most: int, share: float
) -> None:
    pair, piece = flows(meanflow=meanflow, blocks=None), drawn(2, 3)
    assert not attention.by_head(piece.start, 2 * piece.length)
    with CountInInference() as theirs:
        pair.upstream(piece, monkeypatch)
    ours = operations(pair, [piece])
    assert ours <= most
    assert ours <= share * theirs.total, (ours, theirs.total)
    assert theirs.syncs >= 28


def test_eight_mels_cost_little_more_operations_than_one(pair: Pair) -> None:
    pieces = [drawn(1 + index, 5, seed=index) for index in range(8)]
    assert operations(pair, pieces) <= 2.6 * operations(pair, pieces[:1])
