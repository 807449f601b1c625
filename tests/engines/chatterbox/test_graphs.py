"""Graphs: which steps share one, what becomes of rows that only fill it up, and of a step that cannot be recorded."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, field, replace

import pytest
import torch

from tests.engines.chatterbox.conftest import Pair
from tests.engines.chatterbox.job import jobs_for
from worker.engines.chatterbox.decoder.decoder import Decoder, Slot
from worker.engines.chatterbox.decoder.graphs import Graphs
from worker.engines.chatterbox.decoder.shape import ROWS, Shape, prepared, rounded

SHAPE = Shape(rows=3, reach=None, guided=False, floored=False, ranked=False)


@dataclass
class Replayed:
    """Keeps the work itself instead of a graph of it: what it plays is what a graph would have recorded."""

    recorded: int = 0
    played: list[str] = field(default_factory=list)
    fails: bool = False

    def first(self, work: Callable[[], None]) -> None:
        self.played.append("first")
        work()

    def record(self, work: Callable[[], None]) -> Callable[[], None]:
        if self.fails:
            raise RuntimeError("CUDA error: operation not permitted when stream is capturing")
        self.recorded += 1

        def play() -> None:
            self.played.append("played")
            work()

        return play


@pytest.mark.parametrize(
    ("rows", "most", "found"),
    [(1, 8, 1), (3, 8, 4), (9, 64, 16), (17, 20, 20), (5, 6, 6), (100, 300, 128), (129, 300, 300)],
)
def test_rows_are_rounded_up_to_few_numbers_but_not_above_what_there_are(rows: int, most: int, found: int) -> None:
    assert rounded(rows, most) == found


def test_jobs_that_ask_for_different_things_share_a_graph_unless_they_rank_or_reach_further() -> None:
    kinds = [
        replace(SHAPE, rows=rows, guided=guided, floored=floored, ranked=ranked)
        for rows in (3, 4)
        for guided in (False, True)
        for floored in (False, True)
        for ranked in (False, True)
    ]
    assert len({kind.rounded(most=8, guided=True) for kind in kinds}) == 2
    assert len({kind.rounded(most=8, guided=False) for kind in kinds if not kind.guided}) == 2


@pytest.mark.parametrize(("guided", "alone"), [(True, 2), (False, 1)])
def test_an_utterance_alone_is_prepared_for_first_and_then_every_number_of_rows(guided: bool, alone: int) -> None:
    shapes = prepared(most=128, guided=guided)
    assert shapes[0].rows == alone
    assert sorted(shape.rows for shape in shapes) == list(ROWS)
    assert all(shape == shape.rounded(most=128, guided=guided) for shape in shapes)


def test_a_step_is_done_once_while_it_is_recorded_and_played_from_then_on() -> None:
    done: list[Shape] = []
    recorder = Replayed()
    graphs = Graphs(done.append, recorder, most=8, guided=False)
    for rows in (3, 4, 3):
        graphs(replace(SHAPE, rows=rows))
    assert done == [replace(SHAPE, rows=4)] * 3
    assert recorder.played == ["first", "played", "played"]
    graphs(replace(SHAPE, rows=5))
    assert recorder.recorded == 2


def test_what_cannot_be_recorded_is_done_as_it_is_and_the_log_says_so_once(caplog: pytest.LogCaptureFixture) -> None:
    done: list[Shape] = []
    recorder = Replayed(fails=True)
    graphs = Graphs(done.append, recorder, most=8, guided=False)
    with caplog.at_level(logging.WARNING):
        for _ in range(3):
            graphs(SHAPE)
    assert len(done) == 3
    assert recorder.played == ["first"]
    assert [record.levelname for record in caplog.records] == ["WARNING"]


def test_a_step_that_fails_by_itself_is_not_taken_for_one_that_cannot_be_recorded() -> None:
    def fail(shape: Shape) -> None:
        raise RuntimeError("out of memory")

    graphs = Graphs(fail, Replayed(), most=8, guided=False)
    with pytest.raises(RuntimeError, match="out of memory"):
        graphs(SHAPE)
    assert SHAPE not in graphs


@pytest.mark.parametrize("ahead", [0, 3])
def test_rows_that_fill_a_graph_up_change_nothing_of_what_the_others_say(pair: Pair, ahead: int) -> None:
    jobs = jobs_for(pair.member)
    decoder = pair.decoder(rows=12, ahead=ahead)
    recorder = with_graphs(decoder)
    slots = []
    for job in jobs:
        slots.append(job.admitted(decoder))
        for _ in range(3):
            decoder.step()
    finish(decoder, slots)
    assert [slot.tokens for slot in slots] == [pair.upstream(job) for job in jobs]
    assert recorder.played.count("played") > 2 * recorder.recorded


def with_graphs(decoder: Decoder) -> Replayed:
    """Makes `decoder` go by graphs as it does on a GPU; says what became of them."""
    recorder = Replayed()
    decoder._graphs = Graphs(decoder._step, recorder, most=len(decoder._state.tokens), guided=decoder._member.guided)
    return recorder


def finish(decoder: Decoder, slots: list[Slot]) -> None:
    while any(slot.end is None for slot in slots):
        decoder.step()


def test_steps_prepared_while_nothing_is_under_way_leave_no_trace(pair: Pair) -> None:
    job = jobs_for(pair.member)[0]
    decoder = pair.decoder(rows=4)
    graphs = with_graphs(decoder)
    assert job.alone(decoder) == pair.upstream(job)
    with torch.inference_mode():
        for rows in (1, 2, 4):
            decoder._graphs.prepare(Shape(rows=rows, reach=128, guided=pair.member.guided, floored=True, ranked=True))
    assert graphs.recorded >= 3
    assert job.alone(decoder) == pair.upstream(job)
