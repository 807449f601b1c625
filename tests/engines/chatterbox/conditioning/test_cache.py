"""Each voice is enrolled once, whoever asks, and none is taken for another."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest

from tests.engines.chatterbox.conditioning.drawn import drawn
from voice_library.voice import Embedding, Reference, Voice
from worker.engines.chatterbox.conditioning.cache import ConditioningCache
from worker.engines.chatterbox.conditioning.conditioning import Conditioning
from worker.engines.chatterbox.member import MEMBERS
from worker.errors import InvalidReference, UnsupportedVoice

REVISION = "0123456789ab"
SIZE = drawn(0).size_bytes


class Enroller:
    """Makes a conditioning of a reference's first sample, and notes for whom."""

    def __init__(self) -> None:
        self.asked: list[int] = []
        self.go_on = threading.Event()
        self.go_on.set()

    def __call__(self, reference: Reference) -> Conditioning:
        self.asked.append(int(reference.samples[0]))
        assert self.go_on.wait(10)
        if reference.samples[0] < 0:
            raise InvalidReference("nobody speaks")
        return drawn(int(reference.samples[0]))


def cached(enroller: Enroller, *, voices: float = 100) -> ConditioningCache:
    """Room for so many."""
    return ConditioningCache(enroller, MEMBERS["original"], REVISION, max_bytes=int(voices * SIZE))


def recorded(number: int, *, voice_id: str = "ada", sample_rate: int = 24_000) -> Voice:
    reference = Reference(samples=np.array([number, 0.5], np.float32), sample_rate=sample_rate)
    return Voice(id=voice_id, names=("Ada",), language="en-US", gender="female", reference=reference)


def wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.001)


def test_a_voice_is_enrolled_once() -> None:
    enroller = Enroller()
    cache = cached(enroller)
    voice = recorded(1)
    first = cache.of(voice)
    assert np.array_equal(first.mel, drawn(1).mel)
    assert cache.of(voice) is first
    assert cache.of(recorded(1, voice_id="copy")) is first, "the same recording, sent again"
    assert (enroller.asked, cache.misses, cache.hits) == ([1], 1, 2)


def test_voices_of_one_id_are_not_mixed_up() -> None:
    cache = cached(Enroller())
    assert [cache.of(recorded(number)).mel[0, 0] for number in (1, 2, 1)] == [
        drawn(number).mel[0, 0] for number in (1, 2, 1)
    ]


def test_the_same_samples_at_another_rate_are_another_voice() -> None:
    enroller = Enroller()
    cache = cached(enroller)
    assert cache.of(recorded(1)) is not cache.of(recorded(1, sample_rate=48_000))
    assert enroller.asked == [1, 1]


def test_thirty_two_threads_wait_for_one_enrolment() -> None:
    enroller = Enroller()
    enroller.go_on.clear()
    cache = cached(enroller)
    with ThreadPoolExecutor(32) as threads:
        asked = [threads.submit(cache.of, recorded(1)) for _ in range(32)]
        wait_for(lambda: cache.hits + cache.misses == 32)
        enroller.go_on.set()
        assert len({id(each.result(10)) for each in asked}) == 1
    assert (enroller.asked, cache.misses, cache.hits) == ([1], 1, 31)


def test_one_who_waits_does_not_hold_up_another_voice() -> None:
    enroller = Enroller()
    cache = cached(enroller)
    cache.of(recorded(2))
    enroller.go_on.clear()
    with ThreadPoolExecutor(1) as threads:
        slow = threads.submit(cache.of, recorded(1))
        wait_for(lambda: cache.misses == 2)
        assert cache.of(recorded(2)) is not None
        assert not slow.done()
        enroller.go_on.set()
        slow.result(10)


def test_an_error_reaches_all_who_wait_and_is_forgotten() -> None:
    enroller = Enroller()
    enroller.go_on.clear()
    cache = cached(enroller)
    with ThreadPoolExecutor(8) as threads:
        asked = [threads.submit(cache.of, recorded(-1)) for _ in range(8)]
        wait_for(lambda: cache.hits + cache.misses == 8)
        enroller.go_on.set()
        assert [type(each.exception(10)) for each in asked] == [InvalidReference] * 8
    assert enroller.asked == [-1]
    with pytest.raises(InvalidReference):
        cache.of(recorded(-1))
    assert enroller.asked == [-1, -1]


def test_the_longest_unused_goes_first() -> None:
    enroller = Enroller()
    cache = cached(enroller, voices=2.5)
    for number in (1, 2, 1, 3, 1, 2):
        cache.of(recorded(number))
    assert enroller.asked == [1, 2, 3, 2], "1 was used last when 3 came, and 3 when 2 came back"


def test_one_that_is_larger_than_the_cache_is_made_each_time() -> None:
    enroller = Enroller()
    cache = cached(enroller, voices=0.5)
    assert np.array_equal(cache.of(recorded(1)).mel, cache.of(recorded(1)).mel)
    assert enroller.asked == [1, 1]


def test_a_voices_embedding_of_these_weights_comes_before_its_recording() -> None:
    enroller = Enroller()
    cache = cached(enroller)
    voice = replace(recorded(1), embeddings={cache.key: drawn(7).to_embedding()})
    assert np.array_equal(cache.of(voice).mel, drawn(7).mel)
    assert cache.of(voice) is cache.of(replace(voice, reference=None))
    assert (enroller.asked, cache.misses, cache.hits) == ([], 1, 2)


def test_an_embedding_of_other_weights_is_passed_over() -> None:
    cache = cached(Enroller())
    voice = replace(recorded(1), embeddings={"chatterbox/ba9876543210": drawn(7).to_embedding()})
    assert np.array_equal(cache.of(voice).mel, drawn(1).mel)


@pytest.mark.parametrize("arrays", [{}, {"t3.speaker_emb": np.zeros(3)}], ids=["empty", "foreign"])
def test_a_damaged_embedding_is_an_error_even_where_there_is_a_recording(arrays: dict[str, np.ndarray]) -> None:
    cache = cached(Enroller())
    with pytest.raises(UnsupportedVoice, match="enrol its recording again"):
        cache.of(replace(recorded(1), embeddings={cache.key: Embedding(arrays)}))


def test_a_voice_with_nothing_to_go_by_is_refused() -> None:
    with pytest.raises(UnsupportedVoice, match="chatterbox has no recording of the voice") as caught:
        cached(Enroller()).of(replace(recorded(1), reference=None))
    assert caught.value.field == "voice"
