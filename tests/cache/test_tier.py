from __future__ import annotations

import errno
import logging
from pathlib import Path

import pytest

from tests.cache.entries import entry, noise, same, utterance
from tests.faults.full_disk import full_disk
from worker.cache.figures import Tally
from worker.cache.folder import Folder
from worker.cache.key import key_of
from worker.cache.packed import pack
from worker.cache.tier import Patience, Tier
from worker.errors import DeliveryFailed

KEYS = [key_of(utterance(seed=seed), "1") for seed in range(10)]
ENTRY = entry()
DATA = pack(ENTRY, KEYS[0])


class Sick:
    """A store in a dictionary that fails on demand."""

    name = "sick"
    size_bytes = None

    def __init__(self) -> None:
        self.kept: dict[str, bytes] = {}
        self.fault: Exception | None = None
        self.asked = 0

    def get(self, key: str) -> bytes | None:
        self._ask()
        return self.kept.get(key)

    def put(self, key: str, data: bytes) -> None:
        self._ask()
        self.kept[key] = data

    def delete(self, key: str) -> None:
        self._ask()
        self.kept.pop(key, None)

    def _ask(self) -> None:
        self.asked += 1
        if self.fault is not None:
            raise self.fault


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


class Case:
    """A tier over a sick store, with a clock that a test moves."""

    def __init__(self) -> None:
        self.store, self.tally, self.clock = Sick(), Tally(), Clock()
        self.tier = Tier(
            self.store,
            ttl_sec=500,
            tally=self.tally,
            patience=Patience(failures=3, rest_sec=60),
            clock=self.clock,
            timer=self.clock,
        )

    def counted(self, what: str) -> int:
        counts = self.tally.figures({}).by_tier.get("sick", {})
        return counts.get(what, 0)  # type: ignore[call-overload]  # a name of the tally's


@pytest.fixture
def case() -> Case:
    return Case()


def test_an_entry_comes_back_from_a_tier_to_the_last_bit(case: Case) -> None:
    case.tier.put(KEYS[0], DATA)
    found = case.tier.get(KEYS[0])
    assert found is not None
    assert same(found, ENTRY)
    assert case.counted("stored") == 1


def test_a_damaged_entry_is_missing_deleted_and_counted(case: Case, caplog: pytest.LogCaptureFixture) -> None:
    for place in range(len(DATA)):
        damaged = bytearray(DATA)
        damaged[place] ^= 0x40
        case.store.kept[KEYS[0]] = bytes(damaged)
        assert case.tier.get(KEYS[0]) is None
        assert case.store.kept == {}
    assert case.counted("corrupted") == len(DATA)
    assert case.counted("failed") == 0
    assert len(caplog.records) == len(DATA)
    assert KEYS[0] not in caplog.text


def test_an_entry_under_anothers_key_is_damaged(case: Case) -> None:
    case.store.kept[KEYS[1]] = DATA
    assert case.tier.get(KEYS[1]) is None
    assert case.counted("corrupted") == 1


def test_an_entry_that_is_too_old_is_missing_and_deleted(case: Case) -> None:
    case.tier.put(KEYS[0], DATA)
    case.clock.now = ENTRY.made_at + 499
    assert case.tier.get(KEYS[0])
    case.clock.now += 1
    assert case.tier.get(KEYS[0]) is None
    assert case.store.kept == {}
    assert case.counted("expired") == 1


@pytest.mark.parametrize("fault", [OSError(errno.EIO, "broken"), DeliveryFailed("no answer")])
def test_a_store_that_fails_is_left_in_peace_after_three_times_with_one_warning(
    case: Case, caplog: pytest.LogCaptureFixture, fault: Exception
) -> None:
    case.tier.put(KEYS[0], DATA)
    case.store.fault, case.store.asked = fault, 0
    for _ in range(10):
        assert case.tier.get(KEYS[0]) is None
    assert case.store.asked == 3
    assert (case.counted("failed"), case.counted("skipped")) == (3, 7)
    assert [record.levelno for record in caplog.records] == [logging.WARNING]
    case.clock.now += 60
    assert case.tier.get(KEYS[0]) is None
    assert case.store.asked == 4
    assert len(caplog.records) == 1
    case.store.fault, case.clock.now = None, case.clock.now + 60
    assert case.tier.get(KEYS[0])


def test_failures_that_are_not_in_a_row_do_not_count_together(case: Case) -> None:
    for _ in range(5):
        case.store.fault = OSError("broken")
        case.tier.get(KEYS[0]), case.tier.get(KEYS[0])
        case.store.fault = None
        case.tier.get(KEYS[0])
    assert case.counted("skipped") == 0


def test_a_second_outage_is_told_again(case: Case, caplog: pytest.LogCaptureFixture) -> None:
    for _ in range(2):
        case.store.fault = OSError("broken")
        for _ in range(4):
            case.tier.get(KEYS[0])
        case.store.fault, case.clock.now = None, case.clock.now + 61
        case.tier.get(KEYS[0])
    assert len(caplog.records) == 2


def test_where_nothing_can_be_written_entries_are_still_found(case: Case) -> None:
    case.tier.put(KEYS[0], DATA)
    case.store.fault = OSError(errno.ENOSPC, "full")
    for _ in range(5):
        case.tier.put(KEYS[1], DATA)
    case.store.fault = None
    assert case.tier.get(KEYS[0])
    assert case.counted("skipped") == 2


def test_a_full_disk_is_one_warning_and_no_error(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with full_disk(tmp_path, 100_000) as disk:
        tally, clock = Tally(), Clock()
        folder = Folder(disk, max_bytes=10**9, ttl_sec=10**9, tally=tally)
        tier = Tier(folder, ttl_sec=10**12, tally=tally, patience=Patience(failures=1), clock=clock, timer=clock)
        large = entry(noise(10_000))
        for key in KEYS:
            tier.put(key, pack(large, key))
        assert len(caplog.records) == 1
        assert sum(tier.get(key) is not None for key in KEYS) == 2
        counts = tally.figures({}).by_tier["folder"]
        assert (counts["stored"], counts["failed"], counts["skipped"]) == (2, 1, 7)


def test_an_error_that_is_none_of_a_store_is_not_hidden(case: Case) -> None:
    case.store.fault = ZeroDivisionError()
    with pytest.raises(ZeroDivisionError):
        case.tier.get(KEYS[0])
