from __future__ import annotations

import random

import pytest

from worker.vitals import BASELINE_JOBS, FAULTS_IN_A_ROW, SLOW_JOBS, STALLED_JOBS, Vitals

MIB = 2**20


class Memory:
    """Resident memory as the test wants it."""

    def __init__(self) -> None:
        self.bytes = 500 * MIB

    def __call__(self) -> int:
        return self.bytes


@pytest.fixture
def memory() -> Memory:
    return Memory()


@pytest.fixture
def vitals(memory: Memory) -> Vitals:
    return Vitals(memory_growth_limit_bytes=100 * MIB, read_memory=memory)


def warm_up(vitals: Vitals, pace: float = 0.1) -> None:
    for _ in range(BASELINE_JOBS):
        vitals.observe("ok", pace=pace)


def test_ten_thousand_clean_jobs_raise_no_alarm(vitals: Vitals, memory: Memory) -> None:
    dice = random.Random(1)
    callers_faults = ["invalid_request", "unknown_voice", "unreadable_text", "payload_too_large", "cancelled"]
    for number in range(10_000):
        memory.bytes = (500 + min(number, 40)) * MIB
        outcome = dice.choice(["ok", "ok", "ok", *callers_faults, *["engine_failed"][: number % 50 == 0]])
        slow_machine = 4 if dice.random() < 0.2 else 1
        vitals.observe(outcome, pace=dice.uniform(0.002, 0.02) * slow_machine if outcome == "ok" else None)
    assert vitals.reason is None


def test_a_poisoned_engine_is_reason_enough_at_once(vitals: Vitals) -> None:
    vitals.observe("engine_poisoned")
    assert vitals.reason == "a job met with engine_poisoned"


def test_faults_in_a_row_are_a_reason_and_a_success_between_them_is_not(vitals: Vitals) -> None:
    for outcome in ("engine_failed", "ok") * FAULTS_IN_A_ROW:
        vitals.observe(outcome)
    assert vitals.reason is None
    for outcome in ("engine_failed", "internal_error", "engine_failed")[:FAULTS_IN_A_ROW]:
        vitals.observe(outcome)
    assert "3 jobs in a row" in (vitals.reason or "")


def test_memory_over_the_limit_is_a_reason_with_the_figure(vitals: Vitals, memory: Memory) -> None:
    warm_up(vitals)
    memory.bytes += 99 * MIB
    vitals.observe("ok")
    assert vitals.reason is None
    memory.bytes += 2 * MIB
    vitals.observe("ok")
    assert "grew by 101 MiB" in (vitals.reason or "")


def test_a_stall_is_seen_within_three_jobs(vitals: Vitals) -> None:
    warm_up(vitals, pace=0.15)
    for _ in range(STALLED_JOBS):
        assert vitals.reason is None
        vitals.observe("ok", pace=1.6)
    assert "1.60 s per second of audio and took 0.15 s" in (vitals.reason or "")


def test_one_slow_job_is_no_stall(vitals: Vitals) -> None:
    warm_up(vitals)
    for _ in range(30):
        for pace in (5.0, 0.1, 0.1, 0.1):
            vitals.observe("ok", pace=pace)
    assert vitals.reason is None


def test_a_steady_decline_is_seen(vitals: Vitals) -> None:
    warm_up(vitals, pace=0.2)
    pace, jobs = 0.2, 0
    while vitals.reason is None:
        pace, jobs = pace * 1.02, jobs + 1
        vitals.observe("ok", pace=pace)
        assert jobs < 200
    assert jobs > SLOW_JOBS


def test_the_first_reason_stays_and_is_announced_once(vitals: Vitals) -> None:
    announced: list[str | None] = []
    vitals.when_sick(lambda: announced.append(vitals.reason))
    for _ in range(5):
        vitals.observe("engine_poisoned")
        vitals.observe("ok")
    assert announced == ["a job met with engine_poisoned"]
