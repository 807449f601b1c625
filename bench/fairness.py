"""Who waits for whom: a voice agent beside a book, by the engine's schedule and by others.

First a batch that is simulated: steps and prefills cost what they might on a GPU; a book of 500 utterances is read, and
an agent says two seconds of speech every two seconds. "By rows" has as many utterances of the book under way as the
batch has rows, as a long-text job does; "all" has the whole book waiting. Waits are those for the first token.

Then the real engine, small and with random weights: a book, and short jobs one after another beside it. Waits are those
for the first audio.

"first come" admits in the order of arrival; "next row" gives the next row that becomes free to the job that holds the
least; "reserve" also keeps an eighth of the rows for jobs that hold none; with "ours", the youngest of a book gives
way, after a little patience or, to an interactive job, at once.
"""

from __future__ import annotations

import logging
import math
import statistics
import threading
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import torch

from bench.table import save, table, wants_saving
from builder.random_checkpoint import write
from tests.engines.chatterbox.simulation import Said, shared
from worker.engines.base import Utterance
from worker.engines.chatterbox.batch import Line
from worker.engines.chatterbox.engine import Chatterbox
from worker.engines.chatterbox.member import MEMBERS
from worker.engines.chatterbox.model import Model
from worker.engines.chatterbox.schedule import C, Rules, Schedule, _Entry
from worker.engines.chatterbox.workshop import Order
from worker.request import Priority
from worker.settings import Settings

ROWS = (8, 16, 64)
PAGES = 500
NANO = replace(MEMBERS["nano"], layers=2, hidden=192, blocks=1)
BATCH_SIZE = 8
PAGE_TOKENS, CALL_TOKENS = 40, 8
REAL_PAGES, CALL_EVERY_SEC = 12, 0.5
SIMULATED = ("book", "rows", "schedule", "calls", "wait, mean ms", "95 % ms", "longest ms", "book's speed, of alone")
REAL = ("schedule", "calls", "first audio, median s", "95 % s", "longest s", "book s", "book alone s")
PACKAGES = ("torch",)


class FirstCome(Schedule[C]):
    """In the order of arrival."""

    def __init__(self) -> None:
        super().__init__(Rules(prefill_positions=math.inf, patience_steps=math.inf))

    def _place(self, entry: _Entry[C]) -> tuple[int, ...]:
        return (entry.number,)


class NextRow(Schedule[C]):
    """Whoever holds least has the next free row."""

    def __init__(self) -> None:
        super().__init__(Rules(patience_steps=math.inf))


class Reserve(NextRow[C]):
    """Besides, some rows are for jobs that hold none."""

    def __init__(self, rows: int) -> None:
        super().__init__()
        self._reserved = max(1, rows // 8)

    def next(self, free_rows: int) -> C | None:
        """As others do, but for the reserve."""
        first = self._first()
        held = 0 if first is None else self._queue(first.claim).held
        return super().next(free_rows - self._reserved if held else free_rows)


def main() -> None:
    """Measures and prints both tables."""
    saving = wants_saving(__doc__)
    logging.disable(logging.WARNING)
    warnings.simplefilter("ignore")
    text = "\n\n".join((table(SIMULATED, list(_simulated())), table(REAL, list(_real()))))
    print(text)
    if saving:
        print(save("fairness", text, PACKAGES))


def _simulated() -> Iterator[tuple[object, ...]]:
    for rows in ROWS:
        for name, ahead in (("by rows", rows), ("all", PAGES)):
            alone = shared(FirstCome(), rows=rows, ahead=ahead, count=PAGES, every_sec=None)
            for label, schedule in _schedules(rows):
                priority: Priority = "interactive" if "interactive" in label else "normal"
                outcome = shared(schedule, rows=rows, ahead=ahead, count=PAGES, priority=priority)
                waits = [1e3 * said.wait_sec for said in outcome.agent]
                middle, most, longest = (round(figure) for figure in _figures(waits, statistics.mean))
                speed = f"{alone.book_sec / outcome.book_sec:.1%}"
                yield name, rows, label, len(waits), middle, most, longest, speed


def _schedules(rows: int) -> Iterator[tuple[str, Schedule[Said]]]:
    yield "first come", FirstCome()
    yield "next row", NextRow()
    yield "reserve", Reserve(rows)
    yield "ours", Schedule()
    yield "ours, interactive", Schedule()


def _real() -> Iterator[tuple[object, ...]]:
    torch.set_num_threads(1)
    with TemporaryDirectory() as folder:
        write(NANO, Path(folder), endless=True)
        settings = Settings(models_dir=Path(folder), batch_size=BATCH_SIZE, device="cpu", watermark=False)
        model = Model.load(NANO, settings)
        yield ("first come", *_heard(model, FirstCome(), FirstCome()))
        yield ("next row", *_heard(model, NextRow(), None))
        yield ("ours", *_heard(model, Schedule(), None))


def _heard(model: Model, schedule: Schedule[Line], orders: Schedule[Order] | None) -> tuple[object, ...]:
    """What the calls and the book had of it."""
    engine = Chatterbox(model, batch_size=BATCH_SIZE, limit=_limit, schedule=schedule, orders=orders)
    with closing(engine):
        _say(engine, [_page(engine, 0)])
        alone_sec = _timed(partial(_say, engine, _pages(engine)))
        waits: list[float] = []
        book_sec = _timed(partial(_beside, engine, waits))
    middle, most, longest = _figures(waits, statistics.median)
    return len(waits), middle, most, longest, book_sec, alone_sec


def _limit(text: str) -> int:
    return PAGE_TOKENS if text.startswith("Page") else CALL_TOKENS


def _pages(engine: Chatterbox) -> list[Utterance]:
    return [_page(engine, number) for number in range(REAL_PAGES)]


def _page(engine: Chatterbox, number: int) -> Utterance:
    return _utterance(engine, f"Page {number} of a book that is long.", job="book", seed=number)


def _utterance(engine: Chatterbox, text: str, *, job: str, seed: int) -> Utterance:
    return Utterance(
        index=0,
        text=text,
        start=0,
        end=len(text),
        engine=engine.name,
        voice=next(iter(engine.voices)),
        language="en",
        seed=seed,
        job=job,
    )


def _say(engine: Chatterbox, utterances: Sequence[Utterance]) -> None:
    for take in [engine.submit(each) for each in utterances]:
        list(take)


def _beside(engine: Chatterbox, waits: list[float]) -> None:
    """Reads the book, and notes the seconds until each short job that came meanwhile was heard."""
    book = threading.Thread(target=_say, args=(engine, _pages(engine)))
    book.start()
    while book.is_alive():
        call = _utterance(engine, "Hello?", job=f"call {len(waits)}", seed=len(waits))
        waits.append(_timed(partial(_say, engine, [call])))
        book.join(CALL_EVERY_SEC)


def _timed(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def _figures(waits: Sequence[float], middle: Callable[[Sequence[float]], float]) -> tuple[float, float, float]:
    """The middle one, one that 95 % do not exceed, and the longest."""
    ordered = sorted(waits)
    return middle(ordered), ordered[math.ceil(0.95 * len(ordered)) - 1], ordered[-1]


if __name__ == "__main__":
    main()
