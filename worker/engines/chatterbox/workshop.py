"""The workshop: one thread that renders what was spoken, several jobs' utterances at a time and each job's in turn."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor

from worker.engines.chatterbox.flow.flow import Piece
from worker.engines.chatterbox.memory import SHORTAGE, release_cached
from worker.engines.chatterbox.schedule import Rules, Schedule
from worker.engines.chatterbox.speech import Speech, fault
from worker.errors import EngineFailed
from worker.request import Priority

RULES = Rules(aging_steps=50)
"""A step is one rendering here; some seconds on a GPU."""
HALVED = (*SHORTAGE, EngineFailed)
"""What is tried again with fewer: the others may be drawn."""

Draw = Callable[[Sequence[Piece]], list[Tensor]]
"""The shape of what makes the mel spectrogram of each piece."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Order:
    """Something to be rendered for a take."""

    speech: Speech
    begin: Callable[[], Piece]
    """What is to be drawn."""
    finish: Callable[[Tensor], None]
    """Makes of the mel spectrogram what is heard."""
    tokens: int
    """About how much it is."""
    urgent: bool = False
    """Whether somebody is listening already: it is not put together with others that would make it wait."""
    job: str = ""
    priority: Priority = "normal"
    rows: int = 1
    positions: int = 0


class Workshop:
    """Renders in the schedule's order: a book's many do not hold up another job's one."""

    def __init__(
        self,
        draw: Draw,
        *,
        most_tokens: int,
        device: torch.device | None = None,
        schedule: Schedule[Order] | None = None,
    ) -> None:
        """Orders are drawn together until they are `most_tokens`: fewer than the last one more.

        On a `device` that is a GPU it waits for nothing that others asked of that before.
        """
        self._draw = draw
        self._device = device
        self._most_tokens = most_tokens
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
        with _beside(self._device):
            while orders := self._next():
                self._make(_begun(orders))
                with self._changed:
                    for order in orders:
                        self._schedule.ended(order)
                    self._schedule.stepped()

    def _next(self) -> list[Order]:
        """Waits for some; none once the workshop is closed."""
        with self._changed:
            self._changed.wait_for(lambda: self._closed or self._schedule.waiting)
            chosen: list[Order] = []
            tokens = 0
            while not self._closed and (order := self._schedule.next(1)) is not None:
                if chosen and order.urgent != chosen[0].urgent:
                    self._schedule.put_back([order])
                    break
                chosen.append(order)
                tokens += order.tokens
                if tokens >= self._most_tokens:
                    break
            return chosen

    def _make(self, begun: Sequence[tuple[Order, Piece]]) -> None:
        """Halved where memory runs out or one of them cannot be drawn; an order that was alone has failed."""
        if not begun:
            return
        try:
            mels = self._draw([piece for _, piece in begun])
        except Exception as error:  # noqa: BLE001 - raised again where each of them is read
            if len(begun) == 1 or not isinstance(error, HALVED):
                for order, _ in begun:
                    order.speech.settle(fault(error))
                return
        else:
            for (order, _), mel in zip(begun, mels, strict=True):
                order.speech.attempt(partial(order.finish, mel))
            return
        release_cached()  # by now the error is forgotten, which held on to the memory that it ran out of
        self._make(begun[: len(begun) // 2])
        self._make(begun[len(begun) // 2 :])


def _beside(device: torch.device | None) -> AbstractContextManager[object]:
    if device is None or device.type != "cuda":
        return nullcontext()
    return torch.cuda.stream(torch.cuda.Stream(device))  # type: ignore[no-untyped-call]  # torch does not type it


def _begun(orders: Sequence[Order]) -> list[tuple[Order, Piece]]:
    """Those that can be drawn; what goes wrong with one is raised where it is read."""
    begun: list[tuple[Order, Piece]] = []
    for order in orders:
        order.speech.attempt(partial(_begin, order, begun))
    return begun


def _begin(order: Order, begun: list[tuple[Order, Piece]]) -> None:
    begun.append((order, order.begin()))
