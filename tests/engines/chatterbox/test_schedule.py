"""Jobs share a batch: nobody waits for ever, a short one not for a book, and each for a bounded number of steps."""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.engines.chatterbox.simulation import Said, Simulation, book, shared
from worker.engines.chatterbox.schedule import Rules, Schedule
from worker.request import Priority

RULES = Rules()
ROUNDS = 100_000
"""After so many, something waits for ever."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Coming:
    """Somebody who comes, and may leave again."""

    said: Said
    step: int
    cancelled_at: int | None


@st.composite
def comings(draw: st.DrawFn) -> list[Coming]:
    """Of several jobs, at any time, of any size that fits into two rows."""
    drawn = draw(
        st.lists(
            st.builds(
                lambda job, priority, tokens, positions, rows, step, cancelled: Coming(
                    said=Said(job=job, priority=priority, tokens=tokens, positions=positions, rows=rows),
                    step=step,
                    cancelled_at=cancelled,
                ),
                st.sampled_from("abcd"),
                st.sampled_from(["interactive", "normal", "batch"]),
                st.integers(1, 60),
                st.integers(1, 900),
                st.integers(1, 2),
                st.integers(0, 80),
                st.none() | st.integers(0, 200),
            ),
            min_size=1,
            max_size=40,
        )
    )
    return sorted(drawn, key=lambda coming: coming.step)


def spoken(comings: list[Coming], rows: int) -> Simulation:
    """All of them, until nobody waits."""
    schedule: Schedule[Said] = Schedule()
    simulation = Simulation(schedule, rows=rows)
    left = list(comings)
    for step in range(ROUNDS):
        while left and left[0].step <= step:
            simulation.add(left.pop(0).said)
        for coming in comings:
            coming.said.cancelled |= coming.cancelled_at is not None and coming.cancelled_at <= step
        simulation.round()
        if not left and not schedule.waiting and not simulation.under_way:
            return simulation
    pytest.fail("somebody waits for ever")


@settings(max_examples=150, deadline=None)
@given(comings(), st.integers(2, 9))
def test_everybody_is_said_once_unless_cancelled_in_the_order_of_each_job_and_rows_are_never_oversubscribed(
    comings: list[Coming], rows: int
) -> None:
    simulation = spoken(comings, rows)
    assert simulation.free_rows == rows
    first_admissions = defaultdict(list)
    for coming in comings:
        said = coming.said
        assert (said.ended_sec is not None) != said.cancelled or said.cancelled
        assert len(said.admitted) <= 1 + RULES.most_returns
        if said.ended_sec is not None:
            assert said.left == 0
        if said.admitted:
            first_admissions[said.job, said.priority].append(said.admitted[0])
    for steps in first_admissions.values():
        assert steps == sorted(steps)


@settings(max_examples=60, deadline=None)
@given(comings(), st.integers(2, 9))
def test_whoever_is_cancelled_while_waiting_is_never_admitted(comings: list[Coming], rows: int) -> None:
    spoken(comings, rows)
    for coming in comings:
        if coming.cancelled_at is not None and coming.said.ended_sec is None:
            assert all(step < max(coming.step, coming.cancelled_at) for step in coming.said.admitted)


@settings(max_examples=60, deadline=None)
@given(comings(), st.integers(2, 9))
def test_what_is_prefilled_between_two_steps_stays_within_the_budget_while_others_speak(
    comings: list[Coming], rows: int
) -> None:
    costs = {coming.said.positions for coming in comings}
    for others, positions in spoken(comings, rows).prefills:
        if others:
            assert positions <= RULES.prefill_positions or positions in costs


def test_a_prompt_beyond_the_budget_goes_alone() -> None:
    simulation = Simulation(Schedule[Said](), rows=4)
    simulation.add(Said(job="a", tokens=9))
    simulation.round()
    for job in "bcd":
        simulation.add(Said(job=job, tokens=9, positions=600))
    for _ in range(3):
        simulation.round()
    assert simulation.prefills == [(0, 60), (1, 600), (2, 600), (3, 600)]


@pytest.mark.parametrize("rows", [2, 8, 16, 64])
@pytest.mark.parametrize("newcomers", [1, 3])
def test_a_job_that_holds_nothing_waits_no_longer_than_patience_while_another_holds_more(
    rows: int, newcomers: int
) -> None:
    for warm_up in (1, 40, 333, 700):
        simulation = Simulation(Schedule[Said](), rows=rows)
        for said in book(3 * rows):
            simulation.add(said)
        for _ in range(warm_up):
            simulation.round()
        arrived = [Said(job=f"short {number}", tokens=20, positions=30) for number in range(min(newcomers, rows - 1))]
        for said in arrived:
            simulation.add(said)
        for _ in range(int(RULES.patience_steps) + 1):
            simulation.round()
        assert all(said.admitted for said in arrived)
        assert all(said.wait_steps <= RULES.patience_steps for said in arrived)


@pytest.mark.parametrize("rows", [8, 16, 64])
@pytest.mark.parametrize("ahead", ["as many as rows", "the whole book"])
def test_an_agent_is_heard_at_once_beside_a_book_which_hardly_notices(rows: int, ahead: str) -> None:
    under_way = rows if ahead == "as many as rows" else 500
    alone = shared(Schedule(), rows=rows, ahead=under_way, every_sec=None)
    together = shared(Schedule(), rows=rows, ahead=under_way)
    assert len(together.agent) >= 5
    assert max(said.wait_steps for said in together.agent) <= RULES.patience_steps
    assert alone.book_sec >= 0.9 * together.book_sec


def test_without_patience_an_agent_waits_for_the_book_where_rows_are_few() -> None:
    waiting = shared(Schedule(Rules(patience_steps=math.inf)), rows=8, ahead=8)
    assert max(said.wait_steps for said in waiting.agent) > 10 * RULES.patience_steps


def test_a_book_gives_way_to_an_interactive_job_at_once() -> None:
    together = shared(Schedule(), rows=8, ahead=8, count=100, priority="interactive")
    assert {said.wait_steps for said in together.agent} == {0}


def test_two_books_come_to_share_the_rows() -> None:
    simulation = Simulation(Schedule[Said](), rows=8)
    for said in (*book(60, job="one"), *book(60, job="other", seed=2)):
        simulation.add(said)
    held = []
    for _ in range(3000):
        simulation.round()
        held.append(sum(said.job == "one" for said in simulation.under_way))
    assert held[0] == 4
    assert set(held[500:]) <= {3, 4, 5}


def test_of_those_that_wait_the_highest_priority_comes_first_and_then_the_job_that_holds_least() -> None:
    schedule: Schedule[Said] = Schedule()
    wanted: list[tuple[str, Priority]] = [
        ("book", "batch"),
        ("a", "normal"),
        ("a", "normal"),
        ("b", "normal"),
        ("agent", "interactive"),
    ]
    for job, priority in wanted:
        schedule.add(Said(job=job, tokens=1, priority=priority))
    admitted = [schedule.next(1) for _ in wanted]
    assert [said.job for said in admitted if said] == ["agent", "a", "b", "a", "book"]


def test_nothing_gives_way_to_a_lower_priority_nor_the_only_one_of_a_job() -> None:
    schedule: Schedule[Said] = Schedule()
    for job in ("a", "a"):
        schedule.add(Said(job=job, tokens=1, priority="interactive"))
    schedule.add(Said(job="b", tokens=1, priority="batch"))
    for _ in range(3):
        assert schedule.next(1)
    schedule.add(Said(job="c", tokens=1))
    for _ in range(100):
        schedule.stepped()
    assert schedule.giving_way(0) is None


def test_work_that_nobody_waits_for_comes_after_two_agings_though_interactive_jobs_never_cease() -> None:
    simulation = Simulation(Schedule[Said](), rows=2)
    for number in range(8):
        simulation.add(Said(job=f"agent {number}", tokens=10, priority="interactive"))
    patient = [Said(job="book", tokens=10, priority="batch") for _ in range(3)]
    for said in patient:
        simulation.add(said)
    for step in range(4 * 2 * RULES.aging_steps):
        for _ in range(2 if step % 10 == 0 else 0):
            simulation.add(Said(job=f"later agent {step}", tokens=10, priority="interactive"))
        simulation.round()
    assert all(said.ended_sec is not None for said in patient)
    longest = 2 * RULES.aging_steps + 100
    admitted = [0, *(said.admitted[0] for said in patient)]
    assert all(later - earlier <= longest for earlier, later in pairwise(admitted))


def test_a_wide_one_is_not_overtaken_for_ever_by_narrower_ones() -> None:
    simulation = Simulation(Schedule[Said](), rows=2)
    simulation.add(Said(job="first", tokens=7))
    simulation.add(Said(job="second", tokens=12))
    simulation.round()
    wide = Said(job="wide", tokens=5, rows=2)
    simulation.add(wide)
    for step in range(40):
        simulation.add(Said(job=f"narrow {step}", tokens=9))
        simulation.round()
    assert wide.wait_steps <= 12


def test_a_job_that_ended_leaves_nothing_behind() -> None:
    simulation = Simulation(schedule := Schedule[Said](), rows=4)
    for number in range(50):
        simulation.add(Said(job=f"job {number}", tokens=3, cancelled=number % 7 == 0))
        simulation.round()
    for _ in range(60):
        simulation.round()
    assert schedule.waiting == 0
    assert not schedule._queues
    assert not schedule._under_way
