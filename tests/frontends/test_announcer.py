"""Reports on their way to the platform: one at a time, the latest, and none behind the reply."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from worker.frontends import announcer as announcer_module
from worker.frontends.announcer import Announcer, event_of
from worker.jobs.progress import ProgressReport

EVERY_SEC = 1.0


def report(utterances: int, *, remaining_sec: float | None = 60.0) -> ProgressReport:
    return ProgressReport(
        done=0.12345,
        audio_sec=1.0,
        elapsed_sec=2.0,
        speed=0.5,
        remaining_sec=remaining_sec,
        utterances=utterances,
        again=False,
    )


class Platform:
    """Takes reports, each in its time."""

    def __init__(self, *, takes_sec: float = 0.0, takes: bool = True) -> None:
        self.takes_sec = takes_sec
        self.takes = takes
        self.begun: list[int] = []
        self.taken: list[int] = []
        self.at_once = 0

    async def tell(self, _job_id: str, event: dict[str, Any]) -> bool:
        self.begun.append(event["utterances"])
        self.at_once += 1
        try:
            await asyncio.sleep(self.takes_sec)
        finally:
            self.at_once -= 1
        self.taken.append(event["utterances"])
        return self.takes


def run(platform: Platform, work: Callable[[Announcer], Awaitable[None]], *, every_sec: float = EVERY_SEC) -> float:
    """Seconds that leaving the announcer took after `work`."""

    async def announced() -> float:
        async with Announcer("job", platform.tell, every_sec=every_sec) as announcer:
            await work(announcer)
            left_sec = time.monotonic()
        assert platform.at_once == 0
        return time.monotonic() - left_sec

    return asyncio.run(announced())


def test_the_latest_report_follows_the_one_on_its_way_and_those_between_are_dropped() -> None:
    platform = Platform(takes_sec=0.02)

    async def work(announcer: Announcer) -> None:
        announcer.announce(report(1))
        await asyncio.sleep(0.01)
        for number in (2, 3, 4):
            announcer.announce(report(number))
            assert platform.at_once == 1
        await asyncio.sleep(0.1)

    run(platform, work)
    assert platform.taken == [1, 4]


def test_at_the_end_one_on_its_way_is_finished_and_those_that_wait_are_dropped() -> None:
    platform = Platform(takes_sec=0.1)

    async def work(announcer: Announcer) -> None:
        announcer.announce(report(1))
        await asyncio.sleep(0.01)
        announcer.announce(report(2))

    assert 0.05 < run(platform, work) < 1
    assert platform.taken == [1]


def test_nothing_is_told_once_it_was_left() -> None:
    platform = Platform()
    kept: list[Announcer] = []

    async def both() -> None:
        async with Announcer("job", platform.tell, every_sec=EVERY_SEC) as announcer:
            kept.append(announcer)
        kept[0].announce(report(1))
        await asyncio.sleep(0.01)

    asyncio.run(both())
    assert platform.begun == []


def test_one_that_is_never_answered_is_dropped_in_bounded_time_and_followed_by_silence(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(announcer_module, "TOLD_WITHIN_SEC", 0.1)
    platform = Platform(takes_sec=60)

    async def work(announcer: Announcer) -> None:
        announcer.announce(report(1))
        await asyncio.sleep(0.2)
        announcer.announce(report(2))
        await asyncio.sleep(0.05)

    assert run(platform, work) < 0.1
    assert (platform.begun, platform.taken) == ([1], [])

    async def ends(announcer: Announcer) -> None:
        announcer.announce(report(1))
        await asyncio.sleep(0.01)

    assert 0.05 < run(platform, ends) < 1


def test_one_that_is_refused_is_followed_by_silence() -> None:
    platform = Platform(takes=False)

    async def work(announcer: Announcer) -> None:
        for number in (1, 2):
            announcer.announce(report(number))
            await asyncio.sleep(0.01)

    run(platform, work)
    assert platform.begun == [1]


def test_a_job_whose_reply_is_near_is_not_reported_on() -> None:
    platform = Platform()

    async def work(announcer: Announcer) -> None:
        for number, remaining_sec in enumerate((0.0, 0.9 * EVERY_SEC, 1.1 * EVERY_SEC, None)):
            announcer.announce(report(number, remaining_sec=remaining_sec))
            await asyncio.sleep(0.01)

    run(platform, work)
    assert platform.taken == [2, 3]


def test_a_cancelled_job_does_not_wait_for_the_report_on_its_way() -> None:
    platform = Platform(takes_sec=60)

    async def cancelled() -> float:
        async def job() -> None:
            async with Announcer("job", platform.tell, every_sec=EVERY_SEC) as announcer:
                announcer.announce(report(1))
                await asyncio.sleep(60)

        task = asyncio.create_task(job())
        await asyncio.sleep(0.05)
        began_sec = time.monotonic()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        return time.monotonic() - began_sec

    assert asyncio.run(cancelled()) < 1
    assert (platform.begun, platform.at_once) == ([1], 0)


def test_the_thread_of_a_job_reports_through_its_progress_and_every_0_seconds_nothing() -> None:
    def speak_in(announcer: Announcer) -> Awaitable[None]:
        progress = announcer.progress()

        def speak() -> None:
            progress.begin(None)
            for _ in range(3):
                time.sleep(0.02)
                progress.spoken(1, 1.0)

        return asyncio.to_thread(speak)

    told, silent = Platform(), Platform()
    run(told, speak_in, every_sec=0.01)
    assert told.taken == [1, 2, 3]
    run(silent, speak_in, every_sec=0)
    assert silent.taken == []


def test_an_event_is_short_and_says_nothing_of_what_is_not_known() -> None:
    assert event_of(report(3)) == {
        "type": "progress",
        "done": 0.123,
        "audio_sec": 1.0,
        "elapsed_sec": 2.0,
        "speed": 0.5,
        "remaining_sec": 60.0,
        "utterances": 3,
        "again": False,
    }
    assert "remaining_sec" not in event_of(report(3, remaining_sec=None))
