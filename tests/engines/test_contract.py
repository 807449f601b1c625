"""What every engine promises, checked on each one the package has."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace

import numpy as np
import pytest

from builder.random_checkpoint import write
from tests.jobs.speakers import sung
from voice_library.embedding_file import voice_from_bytes, voice_to_bytes
from voice_library.voice import EMBEDDING_KEY, Embedding, Reference, Voice
from worker.audio.clip import Clip
from worker.engines.base import CloningEngine, ConvertingEngine, Engine, Utterance
from worker.engines.chatterbox.engine import Chatterbox
from worker.engines.chatterbox.member import MEMBERS
from worker.engines.chatterbox.model import Model
from worker.errors import Cancelled
from worker.jobs.context import Worker
from worker.settings import Settings

NEURAL = {"chatterbox-nano"}
TEXTS = ("hello", "one two three four", "A longer sentence, with a comma and some more words to say.", "no")


@pytest.fixture(params=["espeak", "tone", "chatterbox-nano"], scope="module")
def engine(request: pytest.FixtureRequest, worker: Worker) -> Engine:
    if request.param in NEURAL:
        loaded: Engine = request.getfixturevalue("nano")
        return loaded
    return worker.engines[request.param]


@pytest.fixture(scope="module")
def nano(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """With random weights, small and terse: two dozen tokens are a second."""
    folder = tmp_path_factory.mktemp("models")
    write(replace(MEMBERS["nano"], layers=2, hidden=192, blocks=1), folder)
    model = Model.load(MEMBERS["nano"], Settings(models_dir=folder, device="cpu"))
    with closing(Chatterbox(model, batch_size=8, limit=lambda _: 9)) as engine:
        yield engine


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
    other = replace(utterance, voice=another(engine), language=another(engine).language)
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
    words = engine.capabilities.max_chars // 5 if engine.name in NEURAL else 20 * engine.capabilities.max_chars
    text = " ".join(["word"] * words)  # beyond any machine that is fast enough
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
    assert spoken in ([], utterance.text.split())  # an engine times all of them or none


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


@pytest.fixture(scope="module")
def cloner(engine: Engine) -> CloningEngine:
    if not isinstance(engine, CloningEngine):
        pytest.skip(f"{engine.name} does not clone")
    return engine


@pytest.fixture(scope="module")
def converter(engine: Engine) -> ConvertingEngine:
    if not isinstance(engine, ConvertingEngine):
        pytest.skip(f"{engine.name} does not convert")
    return engine


def reference(engine: CloningEngine, hertz: float) -> Reference:
    clip = sung(hertz, engine.reference_limits.good_sec)
    return Reference(samples=clip.samples, sample_rate=clip.sample_rate)


def another(engine: Engine) -> Voice:
    """Not the first of its own voices."""
    if len(engine.voices) > 1:
        return engine.voices[-1]
    assert isinstance(engine, CloningEngine)
    return clone(reference=reference(engine, 180.0))


def clone(**changes: object) -> Voice:
    voice = Voice(id="clone", names=("clone",), language="en", gender="neutral")
    return replace(voice, **changes)  # type: ignore[arg-type]


def same(one: Embedding, other: Embedding) -> bool:
    return one.keys() == other.keys() and all(np.array_equal(one[name], other[name]) for name in one)


def test_the_limits_of_a_reference_are_in_order(cloner: CloningEngine) -> None:
    limits = cloner.reference_limits
    assert 0 < limits.min_sec <= limits.good_sec <= limits.heard_sec
    assert re.fullmatch(EMBEDDING_KEY, cloner.embedding_key)


def test_the_same_recording_is_enrolled_to_the_same_arrays_and_another_to_others(cloner: CloningEngine) -> None:
    first, again, other = (cloner.enroll(reference(cloner, hertz)) for hertz in (180.0, 180.0, 260.0))
    assert same(first, again)
    assert not same(first, other)


def test_an_embedding_survives_the_voice_file_and_speaks_like_the_recording(
    cloner: CloningEngine, utterance: Utterance
) -> None:
    heard = reference(cloner, 180.0)
    enrolled = clone(embeddings={cloner.embedding_key: cloner.enroll(heard)})
    read = voice_from_bytes(voice_to_bytes(enrolled))
    assert same(read.embeddings[cloner.embedding_key], enrolled.embeddings[cloner.embedding_key])
    spoken = []
    for voice in (clone(reference=heard), enrolled, read):
        assert cloner.can_speak(voice)
        spoken.append(rendered(cloner, replace(utterance, voice=voice, language="en")))
    assert np.array_equal(spoken[0], spoken[1])
    assert np.array_equal(spoken[0], spoken[2])


def test_nobody_can_be_spoken_of_whom_nothing_is_known_or_what_is_known_is_damaged(cloner: CloningEngine) -> None:
    assert not cloner.can_speak(clone())
    good = cloner.enroll(reference(cloner, 180.0))
    name = next(iter(good))
    rest = {other: array for other, array in good.items() if other != name}
    for arrays in (rest, {**good, name: np.float32([[[1]]])}, {**good, "more": np.float32([1])}):
        assert not cloner.can_speak(clone(embeddings={cloner.embedding_key: Embedding(arrays)}))


def test_no_clone_leaks_into_the_next_utterance(cloner: CloningEngine, utterance: Utterance) -> None:
    one, other = (
        replace(utterance, voice=clone(reference=reference(cloner, hertz)), language="en") for hertz in (180.0, 260.0)
    )
    alone, beside = rendered(cloner, one), rendered(cloner, other)
    assert not np.array_equal(alone, beside)
    assert np.array_equal(alone, rendered(cloner, one))
    assert np.array_equal(beside, rendered(cloner, other))


def test_a_conversion_is_clips_at_the_engines_rate_as_long_as_the_source(converter: ConvertingEngine) -> None:
    source = sung(200.0, 2.5)
    take = converter.convert(source, converter.voices[0], seed=7)
    clips = list(take)
    for clip in clips:
        assert clip.samples.dtype == np.float32
        assert np.isfinite(clip.samples).all()
        assert np.abs(clip.samples).max() <= 1
        assert clip.sample_rate == converter.sample_rate
    assert sum(clip.duration_sec for clip in clips) == pytest.approx(source.duration_sec, rel=0.05)
    assert (take.verdict.seed, take.verdict.engine) == (7, converter.name)


def test_the_same_source_voice_and_seed_give_the_same_conversion(converter: ConvertingEngine) -> None:
    source = sung(200.0, 2.5)
    first, again, other = (
        samples(list(converter.convert(source, voice, seed=7)))
        for voice in (converter.voices[0], converter.voices[0], another(converter))
    )
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_a_cancelled_conversion_raises(converter: ConvertingEngine) -> None:
    take = converter.convert(sung(200.0, 2.5), converter.voices[0], seed=7)
    take.cancel()
    with pytest.raises(Cancelled):
        list(take)
