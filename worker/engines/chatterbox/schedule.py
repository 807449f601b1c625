"""The schedule: who of those that wait comes next, and who gives way; it knows neither tensors nor threads."""

from __future__ import annotations

from bisect import insort
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from itertools import chain
from operator import attrgetter
from typing import Generic, Protocol, TypeVar

from worker.request import Priority

RANKS: Mapping[Priority, int] = {"interactive": 0, "normal": 1, "batch": 2}


class Claim(Protocol):
    """Somebody's wish for rows; told from others by identity."""

    @property
    def job(self) -> str:
        """Whose it is."""

    @property
    def priority(self) -> Priority:
        """How much haste the job has."""

    @property
    def rows(self) -> int:
        """What it holds once it is admitted."""

    @property
    def positions(self) -> int:
        """What it costs to admit it: positions that are computed before its first step."""


C = TypeVar("C", bound=Claim)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What a schedule weighs against each other; `bench/fairness.py` shows what comes of it."""

    prefill_positions: float = 512
    """Admitted between two steps while others speak: so many cost about as much as a step or two on a GPU, and more
    would be heard as a stutter in what is streamed. One claim goes whatever it costs."""
    patience_steps: float = 8
    """A claim of a job that holds nothing waits so long for a row to become free by itself, which in a large batch one
    does; then another job's youngest gives way. To an interactive one it gives way at once."""
    aging_steps: int = 500
    """Whoever holds nothing and has waited so long comes in the next higher priority: twenty seconds of speech."""
    most_returns: int = 1
    """How often a claim gives way at most, so that it is never begun for ever."""


@dataclass(slots=True, kw_only=True, eq=False)
class _Entry(Generic[C]):
    claim: C
    number: int
    """Its place among all that ever came."""
    turn: int
    """Claims that had been admitted when it came."""
    since: int
    """The step at which it last began to wait, or to speak."""
    returns: int = 0


@dataclass(slots=True, kw_only=True, eq=False)
class _Queue(Generic[C]):
    """The claims of one job and priority."""

    waiting: list[_Entry[C]] = field(default_factory=list)
    """First come, first."""
    held: int = 0
    """Rows of those under way."""
    turn: int = 0
    """Claims that had been admitted after its last."""
    served: int = 0
    """The step at which it last held a row."""


class Schedule(Generic[C]):
    """Claims in an order of which each follows from the rules. For one thread.

    Claims of one job and priority are admitted in the order they came. Of the first ones of each, the highest priority
    goes first, then the one whose job holds the fewest rows, then the one whose job's turn was longest ago. Who is
    first and needs more rows than are free is waited for: nobody narrower overtakes.

    A job that holds nothing rises to the highest priority in the end, where it comes before all that came later. So
    none waits for ever.
    """

    def __init__(self, rules: Rules | None = None) -> None:
        self.rules = rules or Rules()
        self._queues: dict[tuple[str, Priority], _Queue[C]] = {}
        """Those with claims that wait or are under way."""
        self._under_way: dict[C, _Entry[C]] = {}
        self._came = self._admitted = self._steps = 0
        self._positions = 0
        """Admitted since the last step."""

    @property
    def waiting(self) -> int:
        """How many wait."""
        return sum(len(queue.waiting) for queue in self._queues.values())

    def add(self, claim: C) -> None:
        """Has `claim` wait behind its job's others."""
        self._came += 1
        self._wait(_Entry(claim=claim, number=self._came, turn=self._admitted, since=self._steps))

    def next(self, free_rows: int) -> C | None:
        """The claim to admit now, from here on under way; none where the first one has to wait for rows or a step."""
        first = self._first()
        if first is None or first.claim.rows > free_rows or not self._may_be_prefilled(first.claim):
            return None
        self._admitted += 1
        self._positions += first.claim.positions
        queue = self._queue(first.claim)
        queue.waiting.remove(first)
        queue.held += first.claim.rows
        queue.turn = self._admitted
        first.since = self._steps
        self._under_way[first.claim] = first
        return first.claim

    def giving_way(self, free_rows: int) -> C | None:
        """The claim under way to be put back for the first of those that wait, if that has waited enough.

        It is the youngest of the job that holds most, of no higher priority, and not its job's last.
        """
        first = self._first()
        if first is None or not 0 <= free_rows < first.claim.rows or self._queue(first.claim).held:
            return None
        if self._steps - first.since < self.rules.patience_steps and RANKS[first.claim.priority]:
            return None
        able = (entry for entry in self._under_way.values() if self._gives_way(entry, first))
        chosen = max(able, key=lambda entry: (self._queue(entry.claim).held, entry.since, entry.number), default=None)
        if chosen is None:
            return None
        chosen.returns += 1
        return chosen.claim

    def put_back(self, claims: Iterable[C]) -> None:
        """Has claims that are under way wait again, where they stood among their job's others."""
        for claim in claims:
            entry = self._under_way[claim]
            self.ended(claim)
            entry.since = self._steps
            self._wait(entry)

    def ended(self, claim: C) -> None:
        """Takes note that `claim` is no longer under way."""
        del self._under_way[claim]
        queue = self._queue(claim)
        queue.held -= claim.rows
        queue.served = self._steps
        self._forget(claim)

    def drop(self, is_over: Callable[[C], bool]) -> None:
        """Forgets those that wait and are over."""
        waiting = chain.from_iterable(queue.waiting for queue in self._queues.values())
        for entry in [entry for entry in waiting if is_over(entry.claim)]:
            self._queue(entry.claim).waiting.remove(entry)
            self._forget(entry.claim)

    def stepped(self) -> None:
        """Takes note that everybody under way has come one step further."""
        self._steps += 1
        self._positions = 0

    def _first(self) -> _Entry[C] | None:
        heads = (queue.waiting[0] for queue in self._queues.values() if queue.waiting)
        return min(heads, key=self._place, default=None)

    def _place(self, entry: _Entry[C]) -> tuple[int, ...]:
        """What those have less of that come earlier."""
        queue = self._queue(entry.claim)
        waited = 0 if queue.held else self._steps - max(entry.since, queue.served)
        rank = max(0, RANKS[entry.claim.priority] - waited // self.rules.aging_steps)
        return rank, queue.held, max(entry.turn, queue.turn), entry.number

    def _may_be_prefilled(self, claim: C) -> bool:
        if not self._positions or self._positions + claim.positions <= self.rules.prefill_positions:
            return True
        return all(entry.since == self._steps for entry in self._under_way.values())

    def _gives_way(self, entry: _Entry[C], first: _Entry[C]) -> bool:
        return (
            entry.returns < self.rules.most_returns
            and RANKS[entry.claim.priority] >= RANKS[first.claim.priority]
            and self._queue(entry.claim).held > entry.claim.rows
        )

    def _queue(self, claim: C) -> _Queue[C]:
        return self._queues[claim.job, claim.priority]

    def _wait(self, entry: _Entry[C]) -> None:
        queue = self._queues.setdefault((entry.claim.job, entry.claim.priority), _Queue())
        insort(queue.waiting, entry, key=attrgetter("number"))

    def _forget(self, claim: C) -> None:
        """Keeps nothing of a job that has no more: when it comes again, its turn is no earlier."""
        queue = self._queue(claim)
        if not queue.waiting and not queue.held:
            del self._queues[claim.job, claim.priority]
