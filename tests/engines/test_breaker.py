from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from worker.engines.breaker import Breaker


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def breaker(clock: Clock) -> Breaker:
    return Breaker(failures_to_open=3, cool_down_sec=30, clock=clock)


def fail(breaker: Breaker, times: int) -> None:
    for _ in range(times):
        breaker.failed()


def test_failures_in_a_row_open_it_and_fewer_do_not(breaker: Breaker) -> None:
    fail(breaker, 2)
    assert (breaker.state, breaker.admits()) == ("closed", True)
    breaker.failed()
    assert (breaker.state, breaker.admits()) == ("open", False)


def test_a_success_between_them_starts_the_count_anew(breaker: Breaker) -> None:
    fail(breaker, 2)
    breaker.succeeded()
    assert breaker.failures == 0
    fail(breaker, 2)
    assert breaker.state == "closed"


def test_after_the_cool_down_one_may_try_and_the_others_wait(breaker: Breaker, clock: Clock) -> None:
    fail(breaker, 3)
    clock.now = 29.9
    assert not breaker.admits()
    clock.now = 30
    assert breaker.state == "half-open"
    assert [breaker.admits() for _ in range(3)] == [True, False, False]


def test_a_try_that_succeeds_closes_it(breaker: Breaker, clock: Clock) -> None:
    fail(breaker, 3)
    clock.now = 30
    breaker.admits()
    breaker.succeeded()
    assert breaker.state == "closed"
    fail(breaker, 2)
    assert breaker.state == "closed"


def test_a_try_that_fails_opens_it_for_another_cool_down(breaker: Breaker, clock: Clock) -> None:
    fail(breaker, 3)
    clock.now = 30
    breaker.admits()
    clock.now = 35
    breaker.failed()
    clock.now = 64.9
    assert not breaker.admits()
    clock.now = 65
    assert breaker.admits()


def test_a_try_without_a_result_does_not_keep_it_open_for_ever(breaker: Breaker, clock: Clock) -> None:
    fail(breaker, 3)
    clock.now = 30
    assert breaker.admits()
    clock.now = 60
    assert breaker.admits()


def test_an_engine_that_has_ended_is_never_tried_again(breaker: Breaker, clock: Clock) -> None:
    breaker.end()
    breaker.succeeded()
    clock.now = 1e9
    assert (breaker.state, breaker.admits()) == ("open", False)


def test_of_many_threads_that_ask_at_once_one_may_try(breaker: Breaker, clock: Clock) -> None:
    for _ in range(50):
        fail(breaker, 3)
        clock.now += 30
        gate = threading.Barrier(8)

        def ask(gate: threading.Barrier) -> bool:
            gate.wait()
            return breaker.admits()

        with ThreadPoolExecutor(8) as pool:
            assert sum(pool.map(ask, [gate] * 8)) == 1
        breaker.succeeded()
