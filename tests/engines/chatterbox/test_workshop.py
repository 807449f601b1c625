"""Renderings are drawn together as far as that is wanted, each job's in turn, and none fails another."""

from __future__ import annotations

import threading
import weakref
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from functools import partial

import pytest
import torch
from torch import Tensor

from worker.engines.base import Verdict
from worker.engines.chatterbox.flow.flow import Piece
from worker.engines.chatterbox.speech import Speech
from worker.engines.chatterbox.workshop import Order, Workshop
from worker.errors import EngineFailed, OutOfMemory
from worker.request import Priority

MOST = 100
"""Tokens drawn together."""


@dataclass
class Studio:
    """A workshop, which draws as a test says, and what it made."""

    most_tokens: int = MOST
    draws: Callable[[Sequence[int]], None] = len
    drawn: list[tuple[int, ...]] = field(default_factory=list)
    """Who was drawn together, by number."""
    finished: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.workshop = Workshop(self._draw, most_tokens=self.most_tokens)
        self._count = 0

    def order(
        self,
        tokens: int = 10,
        job: str = "a",
        priority: Priority = "normal",
        *,
        urgent: bool = False,
        begins: Callable[[], object] = lambda: None,
        finishes: Callable[[], object] = lambda: None,
    ) -> Order:
        """The next, numbered from 1."""
        self._count += 1
        number = self._count

        def begin() -> Piece:
            begins()
            return _piece(number)

        def finish(mel: Tensor) -> None:
            assert mel.tolist() == [number]
            finishes()
            self.finished.append(number)
            order.speech.settle()

        order = Order(
            speech=Speech(Verdict(seed=number, engine="chatterbox")),
            begin=begin,
            finish=finish,
            tokens=tokens,
            urgent=urgent,
            job=job,
            priority=priority,
        )
        return order

    @contextmanager
    def busy(self) -> Iterator[None]:
        """What is added within comes while one is being made, number 0."""
        begun, free = threading.Event(), threading.Event()

        def begin() -> Piece:
            begun.set()
            assert free.wait(10)
            return _piece(0)

        self.workshop.add(Order(speech=Speech(Verdict(seed=0, engine="chatterbox")), begin=begin, finish=len, tokens=1))
        assert begun.wait(10)
        yield
        free.set()

    def make(self, *orders: Order) -> None:
        """All of them, which come while it is busy; returns when they are made."""
        with self.busy():
            for order in orders:
                self.workshop.add(order)
        self.wait()

    def wait(self) -> None:
        """Until all that was added is made."""
        done = threading.Event()
        self.workshop.add(
            Order(
                speech=Speech(Verdict(seed=0, engine="chatterbox")),
                begin=lambda: _piece(0),
                finish=lambda _: done.set(),
                tokens=1,
                urgent=True,
                job="the last of all",
                priority="batch",
            )
        )
        assert done.wait(10)

    def _draw(self, pieces: Sequence[Piece]) -> list[Tensor]:
        numbers = tuple(int(piece.tokens) for piece in pieces)
        if any(numbers):
            self.drawn.append(numbers)
            self.draws(numbers)
        return [piece.tokens.view(1) for piece in pieces]


@pytest.fixture
def studio() -> Iterator[Studio]:
    with opened() as studio:
        yield studio


@contextmanager
def opened(most_tokens: int = MOST, draws: Callable[[Sequence[int]], None] = len) -> Iterator[Studio]:
    studio = Studio(most_tokens=most_tokens, draws=draws)
    with closing(studio.workshop):
        yield studio


def test_orders_are_drawn_together_until_they_are_many(studio: Studio) -> None:
    studio.make(*(studio.order(40) for _ in range(7)))
    assert studio.drawn == [(1, 2, 3), (4, 5, 6), (7,)]
    assert studio.finished == [1, 2, 3, 4, 5, 6, 7]


@pytest.mark.parametrize("most_tokens", [0, 1])
def test_one_at_a_time_where_that_is_wanted(most_tokens: int) -> None:
    with opened(most_tokens) as studio:
        studio.make(*(studio.order(10) for _ in range(3)))
        assert studio.drawn == [(1,), (2,), (3,)]


def test_what_is_listened_to_is_drawn_apart(studio: Studio) -> None:
    haste: Priority = "interactive"
    orders = [studio.order(job=str(index), priority=haste, urgent=index in (1, 2)) for index in range(5)]
    studio.make(*orders)
    assert studio.drawn == [(1,), (2, 3), (4, 5)]


def test_a_book_does_not_hold_up_the_one_of_another_job() -> None:
    with opened(0) as studio:
        studio.make(*(studio.order(job="book") for _ in range(5)), studio.order(job="agent"))
        assert studio.finished.index(6) <= 1
        assert [number for number in studio.finished if number != 6] == [1, 2, 3, 4, 5]


@pytest.mark.parametrize("most_tokens", [0, 15])
def test_two_books_are_made_in_turn(most_tokens: int) -> None:
    with opened(most_tokens) as studio:
        books = [[studio.order(job=job) for _ in range(6)] for job in ("one", "another")]
        studio.make(*books[0], *books[1])
        for made in range(2, 13, 2):
            assert sum(number <= 6 for number in studio.finished[:made]) == made // 2


def test_who_is_in_haste_comes_first() -> None:
    with opened(0) as studio:
        haste: tuple[Priority, ...] = ("batch", "normal", "interactive")
        studio.make(*(studio.order(job=each, priority=each) for each in haste))
        assert studio.finished == [3, 2, 1]


def test_what_was_cancelled_is_neither_begun_nor_drawn(studio: Studio) -> None:
    cancelled = studio.order(begins=partial(pytest.fail, "nobody waits for it"))
    cancelled.speech.cancel()
    studio.make(cancelled, studio.order())
    assert studio.drawn == [(2,)]


@pytest.mark.parametrize("stage", ["begins", "finishes"])
def test_what_fails_by_itself_fails_no_other(stage: str, studio: Studio) -> None:
    def fail() -> None:
        raise RuntimeError("shapes")

    orders = [studio.order(), studio.order(**{stage: fail}), studio.order()]  # type: ignore[arg-type]  # either
    studio.make(*orders)
    assert studio.finished == [1, 3]
    with pytest.raises(EngineFailed):
        list(orders[1].speech)


@pytest.mark.parametrize("error", [torch.OutOfMemoryError("CUDA out of memory"), MemoryError()])
def test_they_are_halved_where_memory_runs_out(error: Exception) -> None:
    def draws(numbers: Sequence[int]) -> None:
        if len(numbers) > 2:
            raise error

    with opened(draws=draws) as studio:
        studio.make(*(studio.order() for _ in range(5)))
        assert studio.drawn == [(1, 2, 3, 4, 5), (1, 2), (3, 4, 5), (3,), (4, 5)]
        assert studio.finished == [1, 2, 3, 4, 5]


def test_the_memory_that_was_not_enough_is_free_before_they_are_tried_again() -> None:
    held: list[weakref.ref[Tensor]] = []

    def draws(numbers: Sequence[int]) -> None:
        activations = torch.zeros(8)
        assert not [each for each in held if each() is not None]
        held.append(weakref.ref(activations))
        if len(numbers) > 1:
            raise torch.OutOfMemoryError("CUDA out of memory")

    with opened(draws=draws) as studio:
        studio.make(*(studio.order() for _ in range(4)))
        assert studio.finished == [1, 2, 3, 4]


@pytest.mark.parametrize(
    ("error", "kind"),
    [(torch.OutOfMemoryError("CUDA out of memory"), OutOfMemory), (EngineFailed("too many tokens"), EngineFailed)],
)
def test_one_that_cannot_be_drawn_fails_no_other(error: Exception, kind: type[Exception]) -> None:
    def draws(numbers: Sequence[int]) -> None:
        if 3 in numbers:
            raise error

    with opened(draws=draws) as studio:
        orders = [studio.order() for _ in range(5)]
        studio.make(*orders)
        assert studio.finished == [1, 2, 4, 5]
        with pytest.raises(kind):
            list(orders[2].speech)


def test_what_nobody_foresaw_fails_all_of_them_at_once_and_nothing_after() -> None:
    def draws(numbers: Sequence[int]) -> None:
        if 1 in numbers:
            raise RuntimeError("shapes")

    with opened(draws=draws) as studio:
        orders = [studio.order() for _ in range(2)]
        studio.make(*orders)
        for each in orders:
            with pytest.raises(EngineFailed):
                list(each.speech)
        studio.make(studio.order())
        assert studio.drawn == [(1, 2), (3,)]
        assert studio.finished == [3]


def test_closed_it_ends_what_it_is_at_and_leaves_the_rest() -> None:
    studio, begun, closing_ = Studio(most_tokens=0), threading.Event(), threading.Event()

    def begins() -> None:
        begun.set()
        assert closing_.wait(10)

    studio.workshop.add(studio.order(begins=begins))
    studio.workshop.add(studio.order())
    assert begun.wait(10)
    closer = threading.Thread(target=studio.workshop.close)
    closer.start()
    while not studio.workshop._closed:
        pass
    closing_.set()
    closer.join(10)
    assert not closer.is_alive()
    assert studio.finished == [1]


def _piece(number: int) -> Piece:
    nothing = torch.zeros(0)
    return Piece(tokens=torch.tensor(number), prompt=nothing, mel=nothing, x_vector=nothing, start=nothing)
