from __future__ import annotations

from dataclasses import replace

import pytest

from tests.cache.entries import entry, noise, utterance
from worker.audio.clip import Word
from worker.cache.figures import Tally
from worker.cache.key import key_of
from worker.cache.memory import Memory

KEYS = [key_of(utterance(seed=seed), "1") for seed in range(10)]
ENTRY = entry(noise(1000))


class Clock:
    def __init__(self) -> None:
        self.now = ENTRY.made_at

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def tally() -> Tally:
    return Tally()


@pytest.fixture
def memory(clock: Clock, tally: Tally) -> Memory:
    """Room for three."""
    return Memory(max_bytes=3 * ENTRY.size_bytes + 10, ttl_sec=60, tally=tally, clock=clock)


def test_what_was_put_is_there_and_nothing_else(memory: Memory) -> None:
    memory.put(KEYS[0], ENTRY)
    assert memory.get(KEYS[0]) is ENTRY
    assert memory.get(KEYS[1]) is None
    assert memory.size_bytes == ENTRY.size_bytes


def test_the_entry_used_longest_ago_goes_first(memory: Memory, tally: Tally) -> None:
    for key in KEYS[:3]:
        memory.put(key, ENTRY)
    memory.get(KEYS[0])
    memory.put(KEYS[3], ENTRY)
    assert [key for key in KEYS if memory.get(key)] == [KEYS[0], KEYS[2], KEYS[3]]
    assert tally.figures({}).by_tier["memory"]["evicted"] == 1


def test_a_large_entry_makes_room_by_its_bytes(memory: Memory, tally: Tally) -> None:
    for key in KEYS[:3]:
        memory.put(key, ENTRY)
    memory.put(KEYS[3], entry(noise(1600)))
    assert [key for key in KEYS if memory.get(key)] == [KEYS[2], KEYS[3]]
    assert tally.figures({}).by_tier["memory"]["evicted"] == 2


def test_an_entry_larger_than_everything_is_not_kept_and_throws_nothing_out(memory: Memory) -> None:
    memory.put(KEYS[0], ENTRY)
    memory.put(KEYS[1], entry(noise(100_000)))
    assert memory.get(KEYS[0]) is ENTRY
    assert memory.get(KEYS[1]) is None


def test_without_room_nothing_is_kept(tally: Tally) -> None:
    memory = Memory(max_bytes=0, ttl_sec=60, tally=tally)
    memory.put(KEYS[0], ENTRY)
    assert memory.get(KEYS[0]) is None
    assert memory.size_bytes == 0


def test_an_entry_is_there_until_its_time_is_over(memory: Memory, clock: Clock) -> None:
    memory.put(KEYS[0], ENTRY)
    clock.now += 59.9
    assert memory.get(KEYS[0]) is ENTRY
    clock.now += 0.1
    assert memory.get(KEYS[0]) is None


def test_its_time_begins_when_it_was_made_not_when_it_was_put(memory: Memory, clock: Clock) -> None:
    memory.put(KEYS[0], replace(ENTRY, made_at=clock.now - 50))
    memory.put(KEYS[1], replace(ENTRY, made_at=clock.now - 60))
    assert memory.get(KEYS[0])
    assert memory.get(KEYS[1]) is None
    clock.now += 10
    assert memory.get(KEYS[0]) is None


def test_what_is_too_old_frees_its_room(memory: Memory, clock: Clock) -> None:
    for key in KEYS[:3]:
        memory.put(key, ENTRY)
    clock.now += 61
    memory.put(KEYS[3], replace(ENTRY, made_at=clock.now))
    assert memory.size_bytes == ENTRY.size_bytes


def test_size_counts_words_and_tokens_too() -> None:
    words = tuple(Word(text="a", start_sec=0.0) for _ in range(100))
    assert entry(words=words).size_bytes > entry().size_bytes + 10_000
    many = replace(ENTRY.verdict, speech_tokens=tuple(range(1000)))
    assert replace(ENTRY, verdict=many).size_bytes > ENTRY.size_bytes + 30_000
