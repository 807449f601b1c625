"""The workshop: one thread that renders what was spoken, for each job in turn."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass

from worker.engines.chatterbox.schedule import Rules, Schedule
from worker.engines.chatterbox.speech import Speech
from worker.request import Priority

RULES = Rules(aging_steps=50)
"""A step is one rendering here; some seconds on a GPU."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Order:
    """Something to be made for a take."""

    speech: Speech
    make: Callable[[], None]
    job: str = ""
    priority: Priority = "normal"
    rows: int = 1
    """It takes the whole workshop."""
    positions: int = 0


class Workshop:
    """Makes one thing at a time, in the schedule's order: a book's many do not hold up another job's one."""

    def __init__(self, schedule: Schedule[Order] | None = None) -> None:
        self._schedule: Schedule[Order] = Schedule(RULES) if schedule is None else schedule
        self._changed = threading.Condition()
        self._closed = False
        self._thread = threading.Thread(target=self._run, name="chatterbox-render", daemon=True)
        self._thread.start()

    def add(self, order: Order) -> None:
        """Has `order` made; returns at once."""
        with self._changed:
            self._schedule.add(order)
            self._changed.notify()

    def close(self) -> None:
        """Ends the thread once what it is at is made; what waits is left."""
        with self._changed:
            self._closed = True
            self._changed.notify()
        self._thread.join()

    def _run(self) -> None:
        while order := self._next():
            order.speech.attempt(order.make)
            with self._changed:
                self._schedule.ended(order)
                self._schedule.stepped()

    def _next(self) -> Order | None:
        """Waits for one; none once the workshop is closed."""
        with self._changed:
            self._changed.wait_for(lambda: self._closed or self._schedule.waiting)
            return None if self._closed else self._schedule.next(1)
