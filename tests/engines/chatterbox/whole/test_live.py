"""A live take is heard while it is spoken: in clips that join, the same whatever else is under way."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import cast
from unittest.mock import patch

import numpy as np
import pytest
import torch
from perth import PerthImplicitWatermarker  # type: ignore[import-untyped]  # it ships no types

from tests.engines.chatterbox.whole.conftest import BATCH_SIZE
from tests.engines.chatterbox.whole.test_engine import heard, utterance
from tests.engines.chatterbox.whole.test_shortage import batching, models, shortages, wait_until
from voice_library.voice import Voice
from worker.audio.clip import Samples
from worker.engines.base import Utterance
from worker.engines.chatterbox.decoder.decoder import Slot
from worker.engines.chatterbox.engine import Chatterbox
from worker.engines.chatterbox.model import Model
from worker.engines.chatterbox.rendering.noise import Indexed
from worker.engines.chatterbox.rendering.unfolding import FIRST_TOKENS, NEXT_TOKENS
from worker.engines.chatterbox.schedule import Rules
from worker.engines.chatterbox.speech import Speech
from worker.errors import Cancelled, EngineFailed

__all__ = ["models"]

LONG = 64
"""Speech tokens: four windows."""
SHORT = FIRST_TOKENS - 1
TWO = FIRST_TOKENS + 3
"""Two windows."""
SILENT_TOKENS = {"original": 0, "nano": 3}
"""That come behind what is said."""
SPECTRUM_DB = 6.0
"""Mean distance from the same utterance made whole, which random weights exaggerate: 3.8 dB."""


def live(engine: Chatterbox, text: str = "Hello there, my friend.", seed: int = 7, **changed: object) -> Utterance:
    return utterance(engine, text, seed, live=True, **changed)


def clips(engine: Chatterbox, utterance: Utterance) -> list[Samples]:
    return [clip.samples for clip in engine.submit(utterance)]


def said(engine: Chatterbox, utterance: Utterance) -> Samples:
    return np.concatenate(clips(engine, utterance))


@pytest.fixture(params=["nano", "original"])
def name(request: pytest.FixtureRequest) -> str:
    return cast("str", request.param)


def test_it_comes_in_clips_that_are_together_as_long_as_the_whole_of_the_same_tokens(
    name: str, engines: Callable[..., Chatterbox]
) -> None:
    engine = engines(name, LONG)
    take, whole = engine.submit(live(engine)), engine.submit(utterance(engine, "Hello there, my friend."))
    heard_live, (heard_whole,) = [clip.samples for clip in take], list(whole)
    assert len(heard_live) == 4
    assert len(heard_live[0]) >= 0.25 * engine.sample_rate
    assert sum(map(len, heard_live)) == len(heard_whole.samples) == 960 * (LONG + SILENT_TOKENS[name])
    assert take.verdict == whole.verdict
    assert len(take.verdict.speech_tokens or ()) == LONG


def test_it_sounds_much_like_the_whole_and_has_no_seam(name: str, engines: Callable[..., Chatterbox]) -> None:
    engine = engines(name, LONG, watermark=False)
    model = engine._model
    pieces, tokens = clips(engine, live(engine)), verdict_tokens(engine)
    noise = model.noise(7)
    piece = model.renderer.piece(model.renderer.sound(tokens), model.voice(engine.voices[0]).heard, noise)
    whole = model.renderer.waveform(model.renderer.mels([piece])[0], noise)
    samples = np.concatenate(pieces)
    distance_db = float((log_spectrum(samples) - log_spectrum(whole)).abs().mean())
    assert 0 < distance_db < SPECTRUM_DB
    steps = np.abs(np.diff(samples))
    seams = np.cumsum([len(each) for each in pieces])[:-1]
    assert max(steps[seams - 1]) <= np.percentile(steps, 99.9)
    around = np.concatenate([steps[seam - 240 : seam + 480] for seam in seams])
    assert np.percentile(around, 99) <= 1.1 * np.percentile(steps, 99)


def test_one_of_a_single_window_is_the_whole(name: str, engines: Callable[..., Chatterbox]) -> None:
    engine = engines(name, SHORT)
    (given,) = clips(engine, live(engine))
    with patch.object(Model, "noise", lambda model, seed, _=None: Indexed(seed, model.device)):  # as in most precisions
        assert np.array_equal(given, heard(engine, utterance(engine, "Hello there, my friend.")))


def test_perth_finds_its_mark_in_what_is_heard_live(name: str, engines: Callable[..., Chatterbox]) -> None:
    pieces = clips(engines(name, LONG), live(engines(name, LONG)))
    perth = PerthImplicitWatermarker()
    assert perth.get_watermark(np.concatenate(pieces), sample_rate=24_000) == 1.0
    assert all(perth.get_watermark(piece, sample_rate=24_000) == 1.0 for piece in pieces[1:])


def test_its_first_clip_is_heard_before_the_last_token_is_said(engines: Callable[..., Chatterbox]) -> None:
    engine = engines("nano", LONG)
    decoder, is_heard, told = engine._model.decoder, threading.Event(), list[int]()
    step = decoder.step

    def step_or_wait() -> list[Slot]:
        told.append(1)
        assert len(told) != FIRST_TOKENS + 2 or is_heard.wait(20)
        return step()

    with patch.object(decoder, "step", step_or_wait):
        pieces = iter(engine.submit(live(engine)))
        first = next(pieces)
        is_heard.set()
        rest = list(pieces)
    assert len(first.samples)
    assert len(rest) == 3


def test_a_cancel_in_the_middle_wakes_the_reader_and_frees_the_row(engines: Callable[..., Chatterbox]) -> None:
    engine = engines("nano", LONG)
    decoder, step, steps = engine._model.decoder, engine._model.decoder.step, threading.Semaphore(FIRST_TOKENS + 2)

    def step_when_allowed() -> list[Slot]:
        assert steps.acquire(timeout=20)
        return step()

    with patch.object(decoder, "step", step_when_allowed):
        take = engine.submit(live(engine))
        pieces = iter(take)
        next(pieces)
        timer = threading.Timer(0.05, take.cancel)
        timer.start()
        with pytest.raises(Cancelled):
            next(pieces)
        timer.join()
        steps.release(LONG)
        wait_until(lambda: engine.rows_in_use == 0)
    assert decoder.free_rows == BATCH_SIZE
    assert len(clips(engine, live(engine))) == 4


def test_thirty_at_once_live_and_whole_are_each_what_they_are_alone(
    engines: Callable[..., Chatterbox], voices: list[Voice]
) -> None:
    engine = engines("nano", TWO)
    jobs = [
        utterance(
            engine, f"Number {index % 6}.", index % 6, voice=voices[index % 6], live=index % 2 == 0, job=str(index)
        )
        for index in range(30)
    ]
    random.Random(1).shuffle(jobs)
    alone = {index: clips(engine, next(job for job in jobs if job.seed == index)) for index in range(6)}
    with ThreadPoolExecutor(30) as pool:
        together = list(pool.map(partial(clips, engine), jobs))
    for job, pieces in zip(jobs, together, strict=True):
        assert len(pieces) == (2 if job.live else 1)
        for expected, piece in zip(alone[job.seed], pieces, strict=True):
            assert np.array_equal(expected, piece)


def test_memory_that_runs_out_repeats_and_loses_nothing(models: Callable[[str], Model]) -> None:
    with batching(models("nano"), renders=True, tokens=TWO) as engine:
        jobs = [utterance(engine, f"Number {seed}.", seed, live=seed % 2 == 0, job=str(seed)) for seed in range(6)]
        undisturbed = [clips(engine, job) for job in jobs]
        with shortages(engine, 1, share=0.1) as happened:
            takes = [engine.submit(job) for job in jobs]
            disturbed = [[clip.samples for clip in take] for take in takes]
    assert "step" in happened
    for expected, pieces in zip(undisturbed, disturbed, strict=True):
        assert [len(each) for each in expected] == [len(each) for each in pieces]
        assert np.array_equal(np.concatenate(expected), np.concatenate(pieces))


def test_who_gives_way_after_its_first_clip_goes_on_where_it_was(models: Callable[[str], Model]) -> None:
    with batching(models("nano"), Rules(patience_steps=1), renders=True, tokens=TWO + 8) as engine:
        pages = [live(engine, f"Page {number}.", number, job="book") for number in range(BATCH_SIZE)]
        call = utterance(engine, "Hello?", seed=77, job="agent")
        undisturbed = [clips(engine, page) for page in pages]
        decoder, batch = engine._model.decoder, engine._batch
        step, release, given_way, calls = decoder.step, decoder.release, list[int](), list[Speech]()

        def step_and_call() -> list[Slot]:
            wait_until(lambda: calls or len(batch._arrived) + len(batch._under_way) == len(pages))
            ended = step()
            if (
                not calls
                and decoder.free_rows == 0
                and all(len(slot.tokens) > FIRST_TOKENS for slot in batch._under_way)
            ):
                calls.append(cast("Speech", engine.submit(call)))
                wait_until(lambda: batch._arrived)
            return ended

        def release_and_tell(slot: Slot) -> None:
            given_way.append(len(slot.tokens))
            release(slot)

        with patch.object(decoder, "step", step_and_call), patch.object(decoder, "release", release_and_tell):
            takes = [engine.submit(page) for page in pages]
            samples = [[clip.samples for clip in take] for take in takes]
            assert len(list(calls[0])) == 1
    assert [count >= FIRST_TOKENS for count in given_way] == [True]
    for expected, pieces in zip(undisturbed, samples, strict=True):
        assert [len(each) for each in expected] == [len(each) for each in pieces]
        assert np.array_equal(np.concatenate(expected), np.concatenate(pieces))


def test_a_window_that_fails_is_the_end_of_it_and_of_no_other(engines: Callable[..., Chatterbox]) -> None:
    engine = engines("nano", TWO)
    workshop, draw = engine._rendering, engine._rendering._draw

    def fails(pieces: list[object]) -> object:
        if any(len(piece.tokens) > FIRST_TOKENS for piece in pieces):  # type: ignore[attr-defined]  # they are
            raise RuntimeError("shapes")
        return draw(pieces)  # type: ignore[arg-type]  # they are

    with patch.object(workshop, "_draw", fails):
        pieces = iter(engine.submit(live(engine)))
        assert len(next(pieces).samples)
        with pytest.raises(EngineFailed):
            next(pieces)
    assert engine.rows_in_use == 0
    assert len(clips(engine, live(engine))) == 2


def test_each_window_brings_twice_as_many_tokens_as_the_one_before() -> None:
    assert LONG > FIRST_TOKENS + 3 * NEXT_TOKENS > TWO


def verdict_tokens(engine: Chatterbox) -> list[int]:
    take = engine.submit(utterance(engine, "Hello there, my friend."))
    list(take)
    return list(take.verdict.speech_tokens or ())


def log_spectrum(samples: Samples) -> torch.Tensor:
    """In decibels over −60."""
    window = torch.hann_window(1024)
    spectrum = torch.stft(torch.from_numpy(samples), 1024, 256, window=window, return_complex=True)
    return 20 * (spectrum.abs() + 1e-3).log10()
