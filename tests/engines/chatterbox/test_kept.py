"""Tensors that were made once: kept within their bytes, made by one thread, and made longer where that is wanted."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
import torch
from torch import Tensor

from worker.engines.chatterbox.kept import Kept

THREADS = 8
BYTES = 400
"""Of a hundred positions."""


class Made:
    """What was asked for: how long, and how long what there was before."""

    def __init__(self) -> None:
        self.calls: list[tuple[int, int]] = []

    def positions(self, count: int, known: Tensor | None) -> Tensor:
        self.calls.append((count, 0 if known is None else known.shape[1]))
        return torch.zeros(1, count)


def test_what_was_used_longest_ago_goes_first_when_the_bytes_are_taken() -> None:
    kept, made = Kept(2 * BYTES), list[str]()

    def use(name: str) -> Tensor:
        return kept.of(name, lambda _: made.append(name) or torch.zeros(1, 100))  # type: ignore[func-returns-value]

    for name in "abacbca":
        use(name)
    assert made == ["a", "b", "c", "b", "a"]
    assert use("a") is use("a")


def test_bytes_are_those_of_all_kinds_and_what_was_made_longer_counts_once() -> None:
    kept, made = Kept(3 * BYTES), Made()

    def use(key: object, length: int) -> None:
        kept.of(key, lambda known: made.positions(length, known), length=length)

    for length in (50, 100, 150, 200):
        use("voice", 100)
        use(("voice", 0.5), length)
    assert made.calls == [(100, 0), (50, 0), (100, 50), (150, 100), (200, 150)]
    use("other", 1)
    use(("voice", 0.5), 200)
    use("voice", 100)
    assert made.calls[5:] == [(1, 0), (100, 0)]


def test_what_alone_is_more_than_all_bytes_is_kept_until_something_else_is() -> None:
    kept, made = Kept(BYTES // 2), Made()
    for key in "aabb":
        kept.of(key, lambda known: made.positions(100, known))
    assert len(made.calls) == 2


def test_what_is_long_enough_serves_what_is_shorter_and_is_made_longer_of_itself() -> None:
    kept, made = Kept(10 * BYTES), Made()
    for length in (50, 20, 50, 70, 70):
        found = kept.of("a", lambda known, length=length: made.positions(length, known), length=length)  # type: ignore[misc]
        assert found.shape[1] >= length
    assert made.calls == [(50, 0), (70, 50)]


def test_threads_that_want_the_same_at_once_have_it_made_once_and_do_not_hold_up_others() -> None:
    kept, made = Kept(10 * BYTES), Made()
    begun, end = threading.Event(), threading.Event()

    def slowly(known: Tensor | None) -> Tensor:
        begun.set()
        assert end.wait(10)
        return made.positions(100, known)

    with ThreadPoolExecutor(THREADS) as pool:
        found = [pool.submit(kept.of, "a", slowly) for _ in range(THREADS)]
        assert begun.wait(10)
        kept.of("b", lambda known: made.positions(1, known))
        end.set()
        assert len({id(one.result()) for one in found}) == 1
    assert made.calls == [(1, 0), (100, 0)]


def test_what_could_not_be_made_is_made_by_the_next_who_wants_it() -> None:
    kept, made = Kept(BYTES), Made()

    def fail(known: Tensor | None) -> Tensor:
        raise MemoryError

    with pytest.raises(MemoryError):
        kept.of("a", fail)
    kept.of("a", lambda known: made.positions(100, known))
    assert len(made.calls) == 1
