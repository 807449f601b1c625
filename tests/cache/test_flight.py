from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.cache.entries import noise
from worker.audio.clip import Clip
from worker.cache.flight import Flight
from worker.engines.base import LazyTake, Take, Verdict
from worker.errors import EngineFailed

VERDICT = Verdict(seed=1, engine="fake")


@pytest.fixture
def readers() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(2) as pool:
        yield pool


def speaking() -> Take:
    return LazyTake(VERDICT, lambda _: [Clip(samples=noise(10), sample_rate=100)])


def flight(readers: ThreadPoolExecutor, render: Take, kept: list[Verdict], left: list[Flight]) -> Flight:
    return Flight(
        find=lambda: None,
        render=lambda: render,
        keep=lambda _, verdict: kept.append(verdict),
        leave=left.append,
        readers=readers,
    )


def test_one_that_everybody_left_can_be_joined_no_more(readers: ThreadPoolExecutor) -> None:
    left: list[Flight] = []
    under_way = flight(readers, speaking(), [], left)
    assert under_way.join()
    under_way.part()
    assert not under_way.join()
    assert left == [under_way]


def test_one_that_failed_can_be_joined_no_more(readers: ThreadPoolExecutor) -> None:
    def broken(_cancelled: threading.Event) -> list[Clip]:
        raise EngineFailed("planned")

    under_way = flight(readers, LazyTake(VERDICT, broken), [], [])
    assert under_way.join()
    under_way.start()
    with pytest.raises(EngineFailed):
        list(under_way.listen(lambda: False))
    assert not under_way.join()


def test_one_that_has_ended_well_is_heard_by_a_latecomer_too(readers: ThreadPoolExecutor) -> None:
    kept: list[Verdict] = []
    under_way = flight(readers, speaking(), kept, [])
    under_way.join()
    under_way.start()
    assert len(list(under_way.listen(lambda: False))) == 1
    assert under_way.join()
    assert len(list(under_way.listen(lambda: False))) == 1
    assert kept == [VERDICT]


def test_what_fails_when_nobody_waits_any_more_is_logged(
    readers: ThreadPoolExecutor, caplog: pytest.LogCaptureFixture
) -> None:
    reading, going = threading.Event(), threading.Event()

    def broken(_cancelled: threading.Event) -> list[Clip]:
        reading.set()
        assert going.wait(10)
        raise EngineFailed("planned")

    gone = threading.Event()
    under_way = flight(readers, LazyTake(VERDICT, broken), [], [])
    under_way.join()
    under_way.start()
    listener = readers.submit(lambda: next(iter(under_way.listen(gone.is_set))))
    assert reading.wait(10)
    gone.set()
    under_way.part()
    assert listener.exception(10) is not None
    going.set()
    readers.shutdown()
    assert [record.levelno for record in caplog.records] == [logging.WARNING]
