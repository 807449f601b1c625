"""Renderings are made one at a time, each job's in turn."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from functools import partial

import pytest

from worker.engines.base import Verdict
from worker.engines.chatterbox.speech import Speech
from worker.engines.chatterbox.workshop import Order, Workshop
from worker.errors import EngineFailed
from worker.request import Priority


@pytest.fixture
def workshop() -> Iterator[Workshop]:
    with closing(Workshop()) as workshop:
        yield workshop


def order(make: Callable[[], None], job: str = "a", priority: Priority = "normal") -> Order:
    return Order(speech=Speech(Verdict(seed=1, engine="chatterbox")), make=make, job=job, priority=priority)


def made(workshop: Workshop, *wanted: tuple[str, str, Priority]) -> list[str]:
    """In which order those are made that came while the workshop was busy."""
    busy, done, names = threading.Event(), threading.Event(), list[str]()
    workshop.add(order(partial(_wait, busy)))
    for name, job, priority in wanted:
        workshop.add(order(partial(names.append, name), job, priority))
    workshop.add(order(done.set, "last", "batch"))
    busy.set()
    assert done.wait(10)
    return names


def test_a_book_does_not_hold_up_the_one_of_another_job(workshop: Workshop) -> None:
    wanted: list[tuple[str, str, Priority]] = [(f"book {page}", "book", "normal") for page in range(5)]
    names = made(workshop, *wanted, ("agent", "agent", "normal"))
    assert names.index("agent") <= 1
    assert [name for name in names if name != "agent"] == [f"book {page}" for page in range(5)]


def test_who_is_in_haste_comes_first(workshop: Workshop) -> None:
    assert made(workshop, ("a", "a", "batch"), ("b", "b", "normal"), ("c", "c", "interactive")) == ["c", "b", "a"]


def test_what_fails_or_was_cancelled_does_not_stop_the_next(workshop: Workshop) -> None:
    def fail() -> None:
        raise RuntimeError("shapes")

    failing, cancelled, done = order(fail), order(partial(pytest.fail, "nobody waits for it")), threading.Event()
    cancelled.speech.cancel()
    for each in (failing, cancelled, order(done.set)):
        workshop.add(each)
    assert done.wait(10)
    with pytest.raises(EngineFailed):
        list(failing.speech)


def _wait(event: threading.Event) -> None:
    assert event.wait(10)
