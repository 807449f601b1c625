"""What every engine promises, checked on each one the package has."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest

from worker.audio.clip import Clip
from worker.engines.base import Engine, Utterance
from worker.engines.registry import MODULES
from worker.errors import Cancelled
from worker.jobs.context import Worker

TEXTS = ("hello", "one two three four", "A longer sentence, with a comma and some more words to say.", "no")


@pytest.fixture(params=list(MODULES), scope="module")
def engine(request: pytest.FixtureRequest, worker: Worker) -> Engine:
    return worker.engines[request.param]


@pytest.fixture(scope="module")
def utterance(engine: Engine) -> Utterance:
    voice = engine.voices[0]
    return Utterance(
        index=0, text=TEXTS[1], start=0, end=18, engine=engine.name, voice=voice, language=voice.language, seed=7
    )


def samples(clips: list[Clip]) -> np.ndarray:
    return np.concatenate([clip.samples for clip in clips])


def rendered(engine: Engine, utterance: Utterance) -> np.ndarray:
    return samples(list(engine.submit(utterance)))


def test_clips_are_float32_finite_within_full_scale_and_at_the_engines_rate(
    engine: Engine, utterance: Utterance
) -> None:
    for clip in engine.submit(utterance):
        assert clip.samples.dtype == np.float32
        assert clip.samples.ndim == 1
        assert np.isfinite(clip.samples).all()
        assert np.abs(clip.samples).max() <= 1
        assert clip.sample_rate == engine.sample_rate


def test_a_take_is_heard(engine: Engine, utterance: Utterance) -> None:
    audio = rendered(engine, utterance)
    assert len(audio) > 0.3 * engine.sample_rate
    assert np.sqrt(np.mean(audio**2)) > 0.01


def test_submit_returns_before_anything_is_read_and_clips_come_one_by_one(engine: Engine, utterance: Utterance) -> None:
    take = engine.submit(utterance)
    first = next(iter(take))
    assert len(first.samples)


def test_the_same_seed_gives_the_same_samples(engine: Engine, utterance: Utterance) -> None:
    first = rendered(engine, utterance)
    for text in TEXTS:
        rendered(engine, replace(utterance, text=text))
    assert np.array_equal(first, rendered(engine, utterance))


def test_no_voice_leaks_into_the_next_utterance(engine: Engine, utterance: Utterance) -> None:
    other = replace(utterance, voice=engine.voices[-1], language=engine.voices[-1].language)
    alone, beside = rendered(engine, utterance), rendered(engine, other)
    assert not np.array_equal(alone, beside)
    assert np.array_equal(alone, rendered(engine, utterance))
    assert np.array_equal(beside, rendered(engine, other))


def test_many_threads_hear_what_each_would_hear_alone(engine: Engine, utterance: Utterance) -> None:
    jobs = [
        replace(utterance, text=text, voice=voice, language=voice.language, seed=seed)
        for seed, text in enumerate(TEXTS)
        for voice in engine.voices[:6]
    ]
    alone = [rendered(engine, job) for job in jobs]
    with ThreadPoolExecutor(8) as pool:
        together = list(pool.map(lambda job: rendered(engine, job), jobs * 3))
    for heard, expected in zip(together, alone * 3, strict=True):
        assert np.array_equal(heard, expected)


def test_a_cancelled_take_raises_and_the_next_one_is_whole(engine: Engine, utterance: Utterance) -> None:
    expected = rendered(engine, utterance)
    take = engine.submit(utterance)
    take.cancel()
    take.cancel()
    with pytest.raises(Cancelled):
        list(take)
    assert np.array_equal(expected, rendered(engine, utterance))


def test_cancel_from_another_thread_ends_a_long_take(engine: Engine, utterance: Utterance) -> None:
    text = " ".join(["word"] * (20 * engine.capabilities.max_chars))  # beyond any machine that is fast enough
    take = engine.submit(replace(utterance, text=text))
    canceller = threading.Timer(0.002, take.cancel)
    canceller.start()
    try:
        with pytest.raises(Cancelled):
            list(take)
    finally:
        canceller.join()


def test_the_verdict_names_the_seed_and_the_engine(engine: Engine, utterance: Utterance) -> None:
    take = engine.submit(utterance)
    list(take)
    assert (take.verdict.seed, take.verdict.engine, take.verdict.attempts) == (7, engine.name, 1)


def test_words_are_timed_in_order_inside_their_clip(engine: Engine, utterance: Utterance) -> None:
    spoken = []
    for clip in engine.submit(utterance):
        times = [word.start_sec for word in clip.words]
        assert times == sorted(times)
        assert all(0 <= moment <= clip.duration_sec for moment in times)
        spoken += [word.text for word in clip.words]
    assert spoken == utterance.text.split()


def test_speed_changes_the_length_where_the_engine_claims_a_range(engine: Engine, utterance: Utterance) -> None:
    slowest, fastest = engine.capabilities.speed_range
    assert slowest <= 1 <= fastest
    if slowest == fastest:
        return
    slow, fast = (len(rendered(engine, replace(utterance, speed=speed))) for speed in (slowest, fastest))
    assert slow > 2 * fast


def test_its_own_voices_are_speakable_and_named_after_it(engine: Engine) -> None:
    assert engine.voices
    for voice in engine.voices:
        assert voice.id.startswith(f"{engine.name}-")
        assert engine.can_speak(voice)
        assert engine.capabilities.speaks(voice.language)
