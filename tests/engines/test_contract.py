"""What every engine promises, checked on each one the package has."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from itertools import permutations

import numpy as np
import pytest

from builder.random_checkpoint import write
from tests.jobs.speakers import sung
from voice_library.embedding_file import voice_from_bytes, voice_to_bytes
from voice_library.voice import EMBEDDING_KEY, Embedding, Reference, Voice
from worker.audio.clip import Clip
from worker.engines.base import BlendingEngine, CloningEngine, ConvertingEngine, Engine, Utterance
from worker.engines.chatterbox.engine import Chatterbox
from worker.engines.chatterbox.member import MEMBERS
from worker.engines.chatterbox.model import Model
from worker.errors import Cancelled, InvalidReference, InvalidRequest, UnsupportedVoice
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
def blender(engine: Engine) -> BlendingEngine:
    if not isinstance(engine, BlendingEngine):
        pytest.skip(f"{engine.name} does not blend")
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
    """Bit for bit."""
    return described(one) == described(other)


def described(embedding: Embedding) -> dict[str, tuple[object, ...]]:
    return {name: (array.dtype, array.shape, array.tobytes()) for name, array in embedding.items()}


Speakers = tuple[Voice, ...]


@pytest.fixture(scope="module")
def speakers(cloner: CloningEngine) -> Speakers:
    """Three who are enrolled."""
    heard = [cloner.enroll(reference(cloner, hertz)) for hertz in (180.0, 260.0, 220.0)]
    return tuple(clone(embeddings={cloner.embedding_key: embedding}) for embedding in heard)


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


class Unread(Embedding):
    """One whose arrays nobody may ask for."""

    def __getitem__(self, name: str) -> np.ndarray:
        raise AssertionError(f"{name} was read")

    def __iter__(self) -> Iterator[str]:
        raise AssertionError("its names were read")


def test_who_can_be_spoken_is_told_without_a_look_at_the_arrays(cloner: CloningEngine) -> None:
    assert not cloner.can_speak(clone())
    assert not cloner.can_speak(clone(embeddings={"other/1": Unread({})}))
    assert cloner.can_speak(clone(embeddings={cloner.embedding_key: Unread({})}))


def damaged(good: Embedding) -> Iterator[Embedding]:
    for name, array in good.items():
        floats = array.dtype == np.float32
        yield Embedding({other: good[other] for other in good if other != name})
        for other in (array[:0], array[None], array.astype(np.float64 if floats else np.float32)):
            yield Embedding({**good, name: other})
        if floats:
            yield Embedding({**good, name: np.where(np.arange(array.size).reshape(array.shape) == 0, np.nan, array)})
            yield Embedding({**good, name: np.concatenate([array[:-1], array[-1:] * np.float32(np.inf)])})
    yield Embedding({**good, "more": np.float32([1])})
    yield Embedding({})


def test_what_it_enrols_fits_and_nothing_damaged_does(cloner: CloningEngine, speakers: Speakers) -> None:
    good = speakers[0].embeddings[cloner.embedding_key]
    assert cloner.fits(good)
    for embedding in damaged(good):
        assert not cloner.fits(embedding), {name: (array.dtype, array.shape) for name, array in embedding.items()}


def test_a_damaged_embedding_is_a_typed_error_where_it_is_used(cloner: CloningEngine, utterance: Utterance) -> None:
    voice = clone(embeddings={cloner.embedding_key: Embedding({"other": np.float32([1])})})
    with pytest.raises(UnsupportedVoice, match="enrol its recording again"):
        rendered(cloner, replace(utterance, voice=voice, language="en"))
    with pytest.raises(UnsupportedVoice, match="enrol its recording again"):
        cloner.warm(voice)
    assert len(rendered(cloner, utterance))


def test_a_warmed_voice_speaks_as_it_would_have(cloner: CloningEngine, utterance: Utterance) -> None:
    heard = reference(cloner, 150.0)
    warmed, cold = clone(reference=heard), clone(embeddings={cloner.embedding_key: cloner.enroll(heard)})
    cloner.warm(warmed)
    first, second = (rendered(cloner, replace(utterance, voice=voice, language="en")) for voice in (warmed, cold))
    assert np.array_equal(first, second)


def test_a_voice_is_enrolled_when_it_is_warmed_and_never_again(
    cloner: CloningEngine, utterance: Utterance, monkeypatch: pytest.MonkeyPatch
) -> None:
    place, name = (cloner._model.enrolment, "_heard") if isinstance(cloner, Chatterbox) else (cloner, "enroll")
    enrol, asked = getattr(place, name), []

    def counted(heard: object) -> object:
        asked.append(heard)
        return enrol(heard)

    monkeypatch.setattr(place, name, counted)
    voice = clone(reference=reference(cloner, 165.0))
    for _ in range(2):
        cloner.warm(voice)
        assert len(asked) == 1
    rendered(cloner, replace(utterance, voice=voice, language="en"))
    assert len(asked) == 1


def test_warming_says_who_cannot_be_spoken(cloner: CloningEngine) -> None:
    with pytest.raises(UnsupportedVoice, match="no recording of the voice"):
        cloner.warm(clone())
    heard = reference(cloner, 180.0)
    with pytest.raises(InvalidReference):
        cloner.warm(clone(reference=Reference(samples=0 * heard.samples, sample_rate=heard.sample_rate)))


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


def test_a_blend_of_one_or_of_some_who_are_alike_is_that_one(blender: BlendingEngine, speakers: Speakers) -> None:
    alone, recorded = speakers[0], clone(reference=reference(blender, 180.0))
    enrolled = alone.embeddings[blender.embedding_key]
    for parts in ([(alone, 0.3)], [(recorded, 2.0)], [(alone, 0.3), (recorded, 0.6), (alone, 0.1)]):
        assert same(blender.blend(parts), enrolled)


def test_neither_the_order_of_a_blends_parts_nor_the_sum_of_their_weights_matters(
    blender: BlendingEngine, speakers: Speakers
) -> None:
    parts = list(zip(speakers, (0.3, 0.5, 0.2), strict=True))
    blend = blender.blend(parts)
    for order in permutations(parts):
        assert same(blender.blend(order), blend)
    assert same(blender.blend([(voice, 8 * weight) for voice, weight in parts]), blend)
    assert not same(blender.blend(list(zip(speakers, (0.31, 0.5, 0.19), strict=True))), blend)


def test_a_blend_fits_survives_the_voice_file_and_speaks_as_neither_of_its_parts(
    blender: BlendingEngine, speakers: Speakers, utterance: Utterance
) -> None:
    voice = blended(blender, speakers)
    assert blender.fits(voice.embeddings[blender.embedding_key])
    read = voice_from_bytes(voice_to_bytes(voice))
    assert same(read.embeddings[blender.embedding_key], voice.embeddings[blender.embedding_key])
    spoken = [rendered(blender, replace(utterance, voice=each, language="en")) for each in (voice, read, *speakers[:2])]
    assert np.array_equal(spoken[0], spoken[1])
    assert not any(np.array_equal(spoken[0], part) for part in spoken[2:])


def test_no_blend_leaks_into_its_parts(blender: BlendingEngine, speakers: Speakers, utterance: Utterance) -> None:
    jobs = [replace(utterance, voice=voice, language="en") for voice in speakers[:2]]
    alone = [rendered(blender, job) for job in jobs]
    before = [described(voice.embeddings[blender.embedding_key]) for voice in speakers]
    rendered(blender, replace(jobs[0], voice=blended(blender, speakers)))
    for job, expected in zip(jobs, alone, strict=True):
        assert np.array_equal(rendered(blender, job), expected)
    assert [described(voice.embeddings[blender.embedding_key]) for voice in speakers] == before


def test_recordings_are_said_again_by_a_blend(
    blender: BlendingEngine, converter: ConvertingEngine, speakers: Speakers
) -> None:
    voices = (speakers[0], blended(blender, speakers))
    one, other = (samples(list(converter.convert(sung(200.0, 1.0), voice, seed=7))) for voice in voices)
    assert one.shape == other.shape
    assert not np.array_equal(one, other)


def test_nobody_is_blended_of_whom_nothing_is_known(blender: BlendingEngine, speakers: Speakers) -> None:
    for parts in ([(clone(), 1.0)], [(speakers[0], 0.9), (clone(), 0.1)]):
        with pytest.raises(UnsupportedVoice, match="no recording of the voice"):
            blender.blend(parts)


@pytest.mark.parametrize("weights", [(), (0.0,), (0.5, -0.5), (float("nan"), 1.0), (float("inf"), 1.0)], ids=str)
def test_a_blend_has_parts_and_each_a_weight(
    weights: tuple[float, ...], blender: BlendingEngine, speakers: Speakers
) -> None:
    with pytest.raises(InvalidRequest):
        blender.blend(list(zip(speakers, weights, strict=False)))


def blended(blender: BlendingEngine, speakers: Speakers) -> Voice:
    """Mostly the first of them, whose speech the others colour."""
    embedding = blender.blend([(speakers[0], 0.6), (speakers[1], 0.4)])
    return clone(embeddings={blender.embedding_key: embedding})
