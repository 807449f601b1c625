from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from voice_library.errors import StoreUnavailable
from worker.delivery.s3.shared_calls import SharedCalls

THREADS = 20


class Slow:
    """Counts its calls; each goes on when it is let."""

    def __init__(self) -> None:
        self.calls = 0
        self.may_go_on = threading.Event()

    def __call__(self) -> int:
        self.calls += 1
        number = self.calls
        assert self.may_go_on.wait(5)
        return number

    def fail(self) -> int:
        raise StoreUnavailable(f"call {self()}")


def until(condition: object) -> None:
    deadline = time.monotonic() + 5
    while not condition():  # type: ignore[operator]  # a function without arguments
        assert time.monotonic() < deadline
        time.sleep(0.001)


def waiting(calls: SharedCalls[int], threads: ThreadPoolExecutor, slow: Slow) -> list[object]:
    """One call under way, and all other threads asking."""
    first = threads.submit(calls.call, "key", slow)
    until(lambda: slow.calls == 1)
    began = threading.Barrier(THREADS)

    def ask() -> int:
        began.wait()
        return calls.call("key", slow)

    others = [threads.submit(ask) for _ in range(THREADS - 1)]
    began.wait()
    time.sleep(0.05)
    return [first, *others]


def test_whoever_asks_while_a_call_is_under_way_shares_the_next_one() -> None:
    calls: SharedCalls[int] = SharedCalls()
    slow = Slow()
    with ThreadPoolExecutor(THREADS) as threads:
        asked = waiting(calls, threads, slow)
        assert slow.calls == 1
        slow.may_go_on.set()
        assert [each.result() for each in asked] == [1] + [2] * (THREADS - 1)  # type: ignore[attr-defined]  # futures
    assert calls.call("key", slow) == 3


def test_a_failure_is_told_to_all_who_share_the_call_and_to_nobody_else() -> None:
    calls: SharedCalls[int] = SharedCalls()
    slow = Slow()
    slow.may_go_on.set()
    for number in (1, 2):
        with pytest.raises(StoreUnavailable, match=f"call {number}"):
            calls.call("key", slow.fail)
    assert calls.call("key", slow) == 3


def test_calls_for_other_keys_do_not_wait() -> None:
    calls: SharedCalls[int] = SharedCalls()
    slow = Slow()
    with ThreadPoolExecutor(1) as threads:
        under_way = threads.submit(calls.call, "key", slow)
        until(lambda: slow.calls == 1)
        assert calls.call("other", lambda: 7) == 7
        slow.may_go_on.set()
        assert under_way.result() == 1


def test_an_error_nobody_foresaw_leaves_no_one_waiting() -> None:
    calls: SharedCalls[int] = SharedCalls()

    def broken() -> int:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        calls.call("key", broken)
    assert calls.call("key", lambda: 7) == 7
