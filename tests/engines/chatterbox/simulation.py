"""A batch whose steps take no time: what a schedule makes of jobs, by a clock of its own."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from worker.engines.chatterbox.schedule import Schedule
from worker.request import Priority


@dataclass(slots=True, kw_only=True, eq=False)
class Said:
    """An utterance and what became of it."""

    job: str
    tokens: int
    positions: int = 60
    rows: int = 1
    priority: Priority = "normal"
    came_sec: float = 0.0
    came_step: int = 0
    admitted: list[int] = field(default_factory=list)
    """The steps before which it was admitted: more than one, if it gave way."""
    first_sec: float | None = None
    """When its first token was there."""
    ended_sec: float | None = None
    left: int = 0
    cancelled: bool = False

    @property
    def wait_steps(self) -> int:
        """Steps between its coming and its admission."""
        return self.admitted[0] - self.came_step

    @property
    def wait_sec(self) -> float:
        """Seconds until its first token."""
        return (self.first_sec or 0.0) - self.came_sec


@dataclass(frozen=True, slots=True, kw_only=True)
class Costs:
    """Of a batch; by default, orders of magnitude of a GPU behind a server's processor."""

    step_sec: float = 4e-3
    row_sec: float = 2e-5
    """Of a step, for each row."""
    position_sec: float = 1e-5
    """Of a prefill, for each position."""


@dataclass(slots=True, kw_only=True)
class Book:
    """A job with many utterances, of which so many are under way as a reader in text order has."""

    utterances: Sequence[Said]
    ahead: int
    begun: int = 0

    def due(self) -> Iterator[Said]:
        """Those it submits now."""
        ended = next((place for place, said in enumerate(self.utterances) if said.ended_sec is None), 0)
        while self.begun < min(len(self.utterances), ended + self.ahead):
            yield self.utterances[self.begun]
            self.begun += 1

    @property
    def is_over(self) -> bool:
        """Whether it has been read to its end."""
        return all(said.ended_sec is not None for said in self.utterances)


class Simulation:
    """A batch of some rows, and a clock."""

    def __init__(self, schedule: Schedule[Said], *, rows: int, costs: Costs | None = None) -> None:
        self.clock_sec = 0.0
        self.steps = 0
        self.prefills: list[tuple[int, int]] = []
        """For each step, utterances that were under way before it and positions that were prefilled besides."""
        self.under_way: list[Said] = []
        self._schedule = schedule
        self._rows = rows
        self._costs = costs or Costs()

    @property
    def free_rows(self) -> int:
        """Rows that nobody holds."""
        return self._rows - sum(said.rows for said in self.under_way)

    def add(self, said: Said) -> None:
        """Has it said."""
        said.came_sec, said.came_step = self.clock_sec, self.steps
        self._schedule.add(said)

    def round(self) -> list[Said]:
        """Admits who may be, and makes a step; those that ended with it."""
        self._schedule.drop(lambda said: said.cancelled)
        for said in [said for said in self.under_way if said.cancelled]:
            self.under_way.remove(said)
            self._schedule.ended(said)
        others = len(self.under_way)
        positions = self._admit()
        self.prefills.append((others, positions))
        self.clock_sec += self._costs.position_sec * positions
        return self._step()

    def _admit(self) -> int:
        positions = 0
        while True:
            if (said := self._schedule.next(self.free_rows)) is not None:
                positions += said.positions
                said.admitted.append(self.steps)
                said.left = said.tokens
                self.under_way.append(said)
                assert self.free_rows >= 0
            elif (said := self._schedule.giving_way(self.free_rows)) is not None:
                self.under_way.remove(said)
                self._schedule.put_back([said])
            else:
                return positions

    def _step(self) -> list[Said]:
        held = self._rows - self.free_rows
        self.clock_sec += self._costs.step_sec + self._costs.row_sec * held
        self.steps += 1
        self._schedule.stepped()
        for said in self.under_way:
            said.left -= 1
            said.first_sec = said.first_sec or self.clock_sec
        ended = [said for said in self.under_way if not said.left]
        for said in ended:
            self.under_way.remove(said)
            self._schedule.ended(said)
            said.ended_sec = self.clock_sec
        return ended


def book(count: int, *, priority: Priority = "normal", seed: int = 1, job: str = "book") -> list[Said]:
    """Utterances of four to sixteen seconds."""
    chance = random.Random(seed)
    return [
        Said(job=job, tokens=chance.randint(100, 400), positions=chance.randint(40, 120), priority=priority)
        for _ in range(count)
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a book and a voice agent had of a schedule."""

    book_sec: float
    """Until the book was said."""
    agent: Sequence[Said]
    """What the agent said meanwhile."""


def shared(
    schedule: Schedule[Said],
    *,
    rows: int,
    ahead: int,
    count: int = 500,
    every_sec: float | None = 2.0,
    priority: Priority = "normal",
) -> Outcome:
    """A book of `count` utterances, and an agent who says two seconds of speech every so often, a job each time."""
    simulation = Simulation(schedule, rows=rows)
    reading, agent = Book(utterances=book(count), ahead=ahead), list[Said]()
    while not reading.is_over:
        for said in reading.due():
            simulation.add(said)
        if every_sec is not None and simulation.clock_sec >= every_sec * (len(agent) + 1):
            agent.append(Said(job=f"agent {len(agent)}", tokens=50, positions=30, priority=priority))
            simulation.add(agent[-1])
        simulation.round()
    return Outcome(book_sec=simulation.clock_sec, agent=[said for said in agent if said.first_sec is not None])
