"""The engine says what upstream's own class says with the same seed, whatever runs beside it."""

from __future__ import annotations

import gc
import random
import statistics
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from pathlib import Path
from unittest.mock import patch

import numpy as np
import psutil
import pytest
import soundfile
import torch
from perth import PerthImplicitWatermarker  # type: ignore[import-untyped]  # it ships no types

from tests.engines.chatterbox.whole.conftest import BATCH_SIZE, FEW_TOKENS
from tests.engines.chatterbox.whole.upstream import Upstream, options_of
from voice_library.voice import Voice
from worker.audio.clip import Clip, Samples
from worker.engines.base import Utterance
from worker.engines.chatterbox.engine import FEWEST_TOKENS, Chatterbox
from worker.errors import (
    Cancelled,
    EmptyText,
    EngineFailed,
    TextTooLong,
    UnreadableText,
    UnsupportedLanguage,
    UnsupportedVoice,
)
from worker.request import EngineOptions

SAMPLE = 2e-4
"""Largest difference of a sample before it is marked. The same tokens are drawn; sums in another order change the last
bits of what comes after, and the vocoder's phases add them up. The watermark leaves alone what is above 11 kHz, where
Perth's does not."""
ENGLISH = "Hello there, my friend. How are you?"
CASES = {
    "original": [(ENGLISH, "en", EngineOptions()), ("Hi!", "en", EngineOptions(exaggeration=1.5, cfg_weight=0.9))],
    "multilingual": [("Bonjour, ça va ?", "fr", EngineOptions()), ("안녕하세요", "ko", EngineOptions(temperature=1.1))],
    "turbo": [(f"{ENGLISH} [laugh]", "en", EngineOptions()), ("Hi!", "en", EngineOptions(top_k=50, top_p=0.8))],
    "nano": [("Well; [clear throat] no... yes", "en", EngineOptions(repetition_penalty=1.6))],
}


def utterance(engine: Chatterbox, text: str = ENGLISH, seed: int = 7, **changed: object) -> Utterance:
    plain = Utterance(
        index=0,
        text=text,
        start=0,
        end=len(text),
        engine=engine.name,
        voice=engine.voices[0],
        language="en",
        seed=seed,
    )
    return replace(plain, **changed)  # type: ignore[arg-type]  # a test says what it changes


def heard(engine: Chatterbox, utterance: Utterance) -> Samples:
    (clip,) = engine.submit(utterance)
    assert clip.sample_rate == engine.sample_rate
    return clip.samples


@pytest.mark.parametrize("name", list(CASES))
def test_an_utterance_is_upstreams_waveform(
    name: str, engines: Callable[..., Chatterbox], upstreams: Callable[[str], Upstream]
) -> None:
    engine, upstream = engines(name, watermark=False), upstreams(name)
    for seed, (text, language, options) in enumerate(CASES[name], start=3):
        ours = heard(engine, utterance(engine, text, seed, language=language, options=options))
        theirs = upstream.says(text, seed, language, **options_of(options))
        assert len(ours) == len(theirs)
        assert np.sqrt(np.mean(theirs**2)) > 0.005
        np.testing.assert_allclose(ours, theirs, atol=SAMPLE)


@pytest.mark.parametrize("name", ["original", "nano"])
def test_perth_finds_its_mark(name: str, engines: Callable[..., Chatterbox]) -> None:
    engine = engines(name)
    marked = heard(engine, utterance(engine))
    assert PerthImplicitWatermarker().get_watermark(marked, sample_rate=24_000) == 1.0
    bare = heard(engines(name, watermark=False), utterance(engine))
    assert PerthImplicitWatermarker().get_watermark(bare, sample_rate=24_000) == 0.0
    assert 0 < np.sqrt(np.mean((marked - bare) ** 2)) < 0.2 * np.sqrt(np.mean(bare**2))


def test_a_conversion_is_upstreams_waveform(
    engines: Callable[..., Chatterbox], upstreams: Callable[[str], Upstream], tmp_path: Path
) -> None:
    engine = engines("original", watermark=False)
    times = np.arange(22_050) / 22_050
    source = Clip(samples=(0.3 * np.sin(2 * np.pi * 180 * times * (1 + times))).astype(np.float32), sample_rate=22_050)
    soundfile.write(tmp_path / "source.wav", source.samples, source.sample_rate, subtype="FLOAT")
    (ours,) = engine.convert(source, engine.voices[0], seed=11)
    np.testing.assert_allclose(ours.samples, upstreams("original").converts(tmp_path / "source.wav", 11), atol=SAMPLE)


def test_thirty_two_threads_hear_what_each_would_hear_alone(quick: Chatterbox, voices: list[Voice]) -> None:
    chance = random.Random(1)
    jobs = [
        utterance(
            quick,
            "".join(chance.choices("abc defg, hij.", k=chance.randint(2, 60))).strip() or "a",
            seed,
            voice=chance.choice(voices),
            options=EngineOptions(
                temperature=chance.uniform(0.5, 1.5), top_p=chance.uniform(0.5, 1.0), top_k=chance.randint(1, 500)
            ),
        )
        for seed in range(32)
    ]
    with ThreadPoolExecutor(32) as pool:
        together = list(pool.map(partial(heard, quick), jobs))
    for job, samples in zip(jobs, together, strict=True):
        assert np.array_equal(heard(quick, job), samples)


def test_a_voice_says_the_same_before_and_after_another(quick: Chatterbox, voices: list[Voice]) -> None:
    first, second = (utterance(quick, voice=voice) for voice in voices[:2])
    before, between, after = (heard(quick, each) for each in (first, second, first))
    assert np.array_equal(before, after)
    assert not np.array_equal(before, between)


def test_voices_of_one_id_are_told_apart(quick: Chatterbox, voices: list[Voice]) -> None:
    twins = [replace(voice, id="twin") for voice in voices[:2]]
    one, other = (heard(quick, utterance(quick, voice=twin)) for twin in twins)
    assert not np.array_equal(one, other)


def test_cancelling_some_leaves_the_others_as_they_are(engines: Callable[[str], Chatterbox]) -> None:
    engine = engines("nano")
    jobs = [utterance(engine, seed=seed) for seed in range(6)]
    alone = [heard(engine, job) for job in jobs[::2]]
    takes = [engine.submit(job) for job in jobs]
    for take in takes[1::2]:
        take.cancel()
    for take in takes[1::2]:
        with pytest.raises(Cancelled):
            list(take)
    for expected, take in zip(alone, takes[::2], strict=True):
        (clip,) = take
        assert np.array_equal(expected, clip.samples)


def test_the_global_source_of_chance_is_left_alone(quick: Chatterbox) -> None:
    torch.manual_seed(3)
    before = torch.get_rng_state()
    heard(quick, utterance(quick))
    assert torch.equal(torch.get_rng_state(), before)


def test_the_verdict_says_where_an_utterance_was_cut(quick: Chatterbox) -> None:
    take = quick.submit(utterance(quick, seed=21))
    list(take)
    verdict = take.verdict
    assert (verdict.seed, verdict.engine, verdict.attempts) == (21, "chatterbox-nano", 1)
    assert verdict.end == "token_limit"
    assert len(verdict.speech_tokens or ()) == FEW_TOKENS


def test_an_utterance_without_speech_is_tried_again_and_then_given_up(
    engines: Callable[..., Chatterbox], quick: Chatterbox
) -> None:
    silent = engines("nano", FEWEST_TOKENS - 1)
    take = silent.submit(utterance(silent, "Hi!"))
    with pytest.raises(UnreadableText, match="nothing to say"):
        list(take)
    assert (take.verdict.attempts, take.verdict.seed != 7) == (3, True)


@pytest.mark.parametrize(
    ("changed", "error"),
    [
        ({"text": " "}, EmptyText),
        ({"language": "fr"}, UnsupportedLanguage),
        ({"voice": Voice(id="nobody", names=("Nobody",), language="en", gender="neutral")}, UnsupportedVoice),
        ({"text": "word " * 600}, TextTooLong),
    ],
)
def test_what_cannot_be_spoken_is_a_typed_error_where_it_is_read(
    changed: dict[str, object], error: type[Exception], quick: Chatterbox
) -> None:
    take = quick.submit(utterance(quick, **changed))  # type: ignore[arg-type]  # a test says what it changes
    with pytest.raises(error):
        list(take)
    assert len(heard(quick, utterance(quick)))


def test_a_step_that_fails_fails_what_shares_it_and_nothing_after(quick: Chatterbox) -> None:
    decoder = quick._model.decoder
    broken = patch.object(decoder, "step", side_effect=RuntimeError("shapes"))
    with broken:
        takes = [quick.submit(utterance(quick, seed=seed)) for seed in range(3)]
        for take in takes:
            with pytest.raises(EngineFailed):
                list(take)
    assert len(heard(quick, utterance(quick)))
    assert decoder.free_rows == BATCH_SIZE


def census(engine: Chatterbox) -> tuple[int, ...]:
    """What must not grow."""
    gc.collect()
    alive = sum(issubclass(type(thing), torch.Tensor) for thing in gc.get_objects())
    return alive, threading.active_count(), len(engine._batch._under_way)


def test_nothing_grows_with_the_utterances(quick: Chatterbox, voices: list[Voice]) -> None:
    for seed in range(10):
        heard(quick, utterance(quick, "No.", seed, voice=voices[seed % 8]))
    before = census(quick)
    for seed in range(60):
        heard(quick, utterance(quick, "Yes!", seed, voice=voices[seed % 8]))
    assert census(quick) == before


@pytest.mark.long
def test_a_thousand_utterances_leave_nothing_behind(quick: Chatterbox, voices: list[Voice]) -> None:
    process, times_sec = psutil.Process(), []
    for seed in range(1000):
        if seed == 200:  # caches are full, and the allocator has what it needs
            before, resident = census(quick), process.memory_info().rss
        began = time.perf_counter()
        heard(quick, utterance(quick, "Yes!", seed, voice=voices[seed % 8]))
        times_sec.append(time.perf_counter() - began)
    grown = process.memory_info().rss - resident
    first, last = (statistics.median(part) for part in (times_sec[200:400], times_sec[-200:]))
    told = f"RSS {grown / 2**20:+.1f} MiB over 800 utterances; median {1e3 * first:.0f} ms, then {1e3 * last:.0f} ms"
    sys.stdout.write(f"{told}\n")
    assert census(quick) == before
    assert grown < 16 * 2**20
