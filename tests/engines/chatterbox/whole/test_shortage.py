"""Memory runs out, jobs are cancelled, and one gives way to another: what is heard is the same, and no row is lost."""

from __future__ import annotations

import logging
import random
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager, nullcontext
from functools import cache
from pathlib import Path
from unittest.mock import patch

import numpy as np
import pytest
import torch

from tests.engines.chatterbox.whole.conftest import BATCH_SIZE
from tests.engines.chatterbox.whole.test_engine import heard, utterance
from voice_library.voice import Voice
from worker.audio.clip import Clip, Samples
from worker.engines.base import Take, Utterance
from worker.engines.chatterbox.allowance import Allowance
from worker.engines.chatterbox.batch import Line
from worker.engines.chatterbox.decoder.decoder import Slot
from worker.engines.chatterbox.engine import Chatterbox
from worker.engines.chatterbox.member import MEMBERS
from worker.engines.chatterbox.model import Model
from worker.engines.chatterbox.rendering.noise import Noise
from worker.engines.chatterbox.schedule import Rules, Schedule
from worker.engines.chatterbox.speech import Speech
from worker.errors import Cancelled, OutOfMemory
from worker.request import EngineOptions, Priority
from worker.settings import Settings

TOKENS = 8
PRIORITIES: tuple[Priority, ...] = ("normal", "batch", "interactive", "normal")
SHORTAGES = (torch.OutOfMemoryError("CUDA out of memory"), MemoryError())


@pytest.fixture(scope="module")
def models(checkpoints: Callable[[str], Path]) -> Callable[[str], Model]:
    @cache
    def model(name: str) -> Model:
        settings = Settings(models_dir=checkpoints(name).parent, batch_size=BATCH_SIZE, device="cpu", watermark=False)
        return Model.load(MEMBERS[name], settings)

    return model


@contextmanager
def batching(
    model: Model, rules: Rules | None = None, *, renders: bool = False, tokens: int = TOKENS
) -> Iterator[Chatterbox]:
    """An engine that soon forgets a shortage, and whose rows are all free in the end.

    As it is, a shortage is remembered for longer than an utterance takes: else none might come to an end between two.
    Unless it renders, a clip is all that it would be rendered from, its tokens and its chance, which takes no time.
    """
    schedule: Schedule[Line] = Schedule(rules)
    rows = model.decoder.free_rows
    with closing(Chatterbox(model, batch_size=BATCH_SIZE, limit=lambda _: tokens, schedule=schedule)) as engine:
        engine._batch._allowance = Allowance(rows, quiet_steps=2 * tokens)
        with nullcontext() if renders else patch.object(engine, "_studio", Unrendered(model)):
            yield engine
        assert (engine.rows_in_use, model.decoder.free_rows) == (0, rows)
        assert not schedule.waiting
        assert not schedule._under_way


class Unrendered:
    """Stands where tokens would become sound."""

    def __init__(self, model: Model) -> None:
        self.model = model

    def render(self, speech: Speech, tokens: Callable[[], Sequence[int]], _: Voice, noise: Noise, **__: object) -> None:
        said = np.array(tokens(), dtype=np.float32) / 10_000
        samples = np.concatenate([said, noise.start(0, 1).numpy().flatten()[:4]])
        speech.settle(Clip(samples=samples, sample_rate=24_000))


@contextmanager
def shortages(engine: Chatterbox, seed: int, *, share: float) -> Iterator[list[str]]:
    """Memory runs out in some steps and prefills, though never for one that is alone; yields which."""
    decoder, chance, happened = engine._model.decoder, random.Random(seed), list[str]()
    step, admit = decoder.step, decoder.admit

    def short(what: str, *, beside: int) -> None:
        if len(engine._batch._under_way) > beside and chance.random() < share:
            happened.append(what)
            raise chance.choice(SHORTAGES)

    def step_or_fail() -> list[Slot]:
        short("step", beside=1)
        return step()

    def admit_or_fail(*given: object, **named: object) -> Slot:
        short("prefill", beside=0)
        return admit(*given, **named)  # type: ignore[arg-type]  # as it is called

    with patch.object(decoder, "step", step_or_fail), patch.object(decoder, "admit", admit_or_fail):
        yield happened


def dozen(engine: Chatterbox) -> list[Utterance]:
    """Three utterances of each of four jobs; guided ones beside others where that can be."""
    return [
        utterance(
            engine,
            f"Number {index} of twelve.",
            seed=index,
            job=f"job {index % 4}",
            priority=PRIORITIES[index % 4],
            options=EngineOptions(cfg_weight=0.0)
            if engine.name == "chatterbox" and index % 3 == 0
            else EngineOptions(),
        )
        for index in range(12)
    ]


def together(engine: Chatterbox, utterances: list[Utterance]) -> list[Samples]:
    takes = [engine.submit(each) for each in utterances]
    return [clip.samples for take in takes for clip in take]


@pytest.mark.parametrize("name", ["nano", "original"])
def test_running_out_of_memory_at_any_step_or_prefill_changes_nothing_that_is_said(
    name: str, models: Callable[[str], Model]
) -> None:
    all_happened = []
    with batching(models(name)) as engine:
        undisturbed = [heard(engine, each) for each in dozen(engine)]
        for seed in range(5):
            with shortages(engine, seed, share=0.12) as happened:
                disturbed = together(engine, dozen(engine))
            all_happened += happened
            for expected, samples in zip(undisturbed, disturbed, strict=True):
                assert np.array_equal(expected, samples)
    assert {"step", "prefill"} == set(all_happened)


def test_samples_are_the_same_though_memory_ran_out(models: Callable[[str], Model]) -> None:
    with batching(models("nano"), renders=True) as engine:
        undisturbed = [heard(engine, each) for each in dozen(engine)[::2]]
        with shortages(engine, 1, share=0.2) as happened:
            disturbed = together(engine, dozen(engine)[::2])
        assert happened
        for expected, samples in zip(undisturbed, disturbed, strict=True):
            assert np.array_equal(expected, samples)


def test_a_shortage_halves_the_rows_and_is_told_and_a_quiet_time_doubles_them(
    models: Callable[[str], Model], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    with batching(models("nano")) as engine:
        assert engine.row_limit == BATCH_SIZE
        step, limits = engine._model.decoder.step, list[int]()

        def step_that_fails_when_full() -> list[Slot]:
            limits.append(engine.row_limit)
            if engine.rows_in_use == BATCH_SIZE and len(set(limits)) == 1:
                raise torch.OutOfMemoryError("CUDA out of memory")
            assert engine.rows_in_use <= engine.row_limit
            return step()

        with patch.object(engine._model.decoder, "step", step_that_fails_when_full):
            assert len(together(engine, dozen(engine))) == 12
        assert sorted(set(limits)) == [BATCH_SIZE // 2, BATCH_SIZE]
        assert limits[-1] == BATCH_SIZE
        told = [record for record in caplog.records if "out of memory" in record.message]
        assert [record.figures for record in told] == [  # type: ignore[attr-defined]  # the JSON line has them
            {"rows_in_use": 4, "row_limit": 2, "rows": 4, "put_back": 4}
        ]


@pytest.mark.parametrize("method", ["step", "admit"])
def test_one_that_runs_out_alone_has_failed_and_the_others_go_on(method: str, models: Callable[[str], Model]) -> None:
    with batching(models("nano")) as engine:
        decoder, batch = engine._model.decoder, engine._batch
        greedy, work = utterance(engine, "Too much.", seed=99), getattr(decoder, method)

        def fails(*given: object, **named: object) -> object:
            seeds = {line.seed for line in batch._under_way.values()} | {named.get("seed")}
            if 99 in seeds:
                raise torch.OutOfMemoryError("CUDA out of memory")
            return work(*given, **named)

        with patch.object(decoder, method, fails):
            takes = [engine.submit(each) for each in (*dozen(engine)[:5], greedy, *dozen(engine)[5:])]
            failing = takes.pop(5)
            assert all(len(list(take)) == 1 for take in takes)
            with pytest.raises(OutOfMemory):
                list(failing)


def test_a_storm_of_cancels_and_shortages_loses_no_row_and_changes_no_other_take(
    models: Callable[[str], Model],
) -> None:
    with batching(models("nano")) as engine:
        undisturbed = [heard(engine, each) for each in dozen(engine)[::3]]
        chance = random.Random(5)
        with shortages(engine, 3, share=0.1):
            takes = [engine.submit(each) for _ in range(3) for each in dozen(engine)]
            kept = takes[:12:3]
            doomed = [take for take in takes if take not in kept]
            chance.shuffle(doomed)
            threads = [
                threading.Timer(0.02 * number, lambda part: [take.cancel() for take in part], [doomed[number::4]])
                for number in range(4)
            ]
            for thread in threads:
                thread.start()
            survived = [clip.samples for take in kept for clip in take]
            for thread in threads:
                thread.join()
        for expected, samples in zip(undisturbed, survived, strict=True):
            assert np.array_equal(expected, samples)
        for take in doomed:
            with pytest.raises(Cancelled):
                list(take)
        assert len(heard(engine, dozen(engine)[0]))


def test_who_is_cancelled_leaves_its_row_before_the_next_step(models: Callable[[str], Model]) -> None:
    with batching(models("nano")) as engine:
        decoder, takes, held = engine._model.decoder, list[Take](), list[int]()
        step = decoder.step

        def step_and_cancel() -> list[Slot]:
            held.append(engine.rows_in_use)
            wait_until(lambda: takes)
            takes[0].cancel()
            return step()

        with patch.object(decoder, "step", step_and_cancel):
            takes.append(engine.submit(dozen(engine)[0]))
            with pytest.raises(Cancelled):
                list(takes[0])
            wait_until(lambda: engine.rows_in_use == 0)
        assert held == [1]  # nor is a step made for nobody


def test_who_gives_way_says_the_same_later(models: Callable[[str], Model]) -> None:
    with batching(models("nano"), Rules(patience_steps=1)) as engine:
        pages = [utterance(engine, f"Page {number}.", seed=number, job="book") for number in range(8)]
        call = utterance(engine, "Hello?", seed=77, job="agent")
        undisturbed = [heard(engine, page) for page in (*pages, call)]
        decoder, batch = engine._model.decoder, engine._batch
        step, release, given_way, calls = decoder.step, decoder.release, list[Slot](), list[Take]()

        def step_and_call() -> list[Slot]:
            wait_until(
                lambda: calls or len(batch._arrived) + batch._schedule.waiting + len(batch._under_way) == len(pages)
            )
            ended = step()
            if decoder.free_rows == 0 and not calls:
                calls.append(engine.submit(call))
                wait_until(lambda: batch._arrived)
            return ended

        def release_and_tell(slot: Slot) -> None:
            given_way.append(slot)
            release(slot)

        with patch.object(decoder, "step", step_and_call), patch.object(decoder, "release", release_and_tell):
            samples = together(engine, pages)
            (answer,) = calls[0]
        assert len(given_way) == 1
        for expected, said in zip(undisturbed, (*samples, answer.samples), strict=True):
            assert np.array_equal(expected, said)


def wait_until(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.001)
