from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator

import pytest
from pydantic import SecretStr

from tests.cache.entries import entry, noise, same, utterance
from tests.delivery.s3.store import BUCKET, Store
from worker.cache.figures import Tally
from worker.cache.key import key_of
from worker.cache.packed import pack, unpack
from worker.cache.store import Store as CacheStore
from worker.cache.tier import Patience as TierPatience
from worker.cache.tier import Tier
from worker.delivery.s3 import clip_store as module
from worker.delivery.s3.answers import LARGEST_ANSWER_BYTES
from worker.delivery.s3.clip_store import ClipStore, clip_store
from worker.delivery.s3.objects import HURRIED
from worker.errors import DeliveryFailed
from worker.settings import Settings

KEYS = [key_of(utterance(seed=seed), "s3") for seed in range(20)]


@pytest.fixture
def clips(store: Store) -> ClipStore:
    return ClipStore(store.connection(HURRIED), "tts/a")


def test_it_is_a_store_under_the_prefix(store: Store, clips: ClipStore) -> None:
    kept: CacheStore = clips
    assert kept.get(KEYS[0]) is None
    kept.put(KEYS[0], b"data")
    assert kept.get(KEYS[0]) == b"data"
    assert f"tts/a/cache/{KEYS[0]}" in store.readable()
    kept.delete(KEYS[0])
    kept.delete(KEYS[0])
    assert kept.get(KEYS[0]) is None


def test_without_a_prefix_it_begins_with_its_folder(store: Store) -> None:
    ClipStore(store.connection(HURRIED)).put(KEYS[1], b"data")
    assert f"cache/{KEYS[1]}" in store.readable()


def test_an_entry_comes_back_to_the_last_bit(clips: ClipStore) -> None:
    said = entry(noise(100), noise(50))
    clips.put(KEYS[2], pack(said, KEYS[2]))
    found = clips.get(KEYS[2])
    assert found is not None
    assert same(unpack(found, KEYS[2]), said)


@pytest.mark.parametrize(
    "size", [1, LARGEST_ANSWER_BYTES - 1, LARGEST_ANSWER_BYTES, LARGEST_ANSWER_BYTES + 1, 3 * LARGEST_ANSWER_BYTES + 7]
)
def test_every_size_comes_back_in_as_many_answers_as_it_takes(clips: ClipStore, size: int) -> None:
    data = os.urandom(size)
    clips.put(KEYS[3], data)
    assert clips.get(KEYS[3]) == data


def test_an_empty_object_and_one_that_is_too_large_are_no_bytes(
    clips: ClipStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    clips.put(KEYS[4], b"")
    assert clips.get(KEYS[4]) == b""
    clips.put(KEYS[4], b"12345")
    monkeypatch.setattr(module, "LARGEST_OBJECT_BYTES", 4)
    assert clips.get(KEYS[4]) == b""


@pytest.mark.parametrize("wrong", ["", "../x", "a" * 63, "A" * 64])
def test_what_is_no_key_never_becomes_the_name_of_an_object(clips: ClipStore, wrong: str) -> None:
    for request in (clips.get, clips.delete, lambda key: clips.put(key, b"")):
        with pytest.raises(ValueError, match="not a key"):
            request(wrong)


def test_a_store_that_is_gone_fails_at_once_and_is_found_again(own_store: Store) -> None:
    clips = ClipStore(own_store.connection(HURRIED))
    clips.put(KEYS[0], b"data")
    own_store.kill()
    began = time.monotonic()
    for request in (clips.get, clips.delete, lambda key: clips.put(key, b"")):
        with pytest.raises(DeliveryFailed):
            request(KEYS[0])
    assert time.monotonic() - began < 1.0
    own_store.start()
    assert clips.get(KEYS[0]) == b"data"


@pytest.fixture
def stopped(own_store: Store) -> Iterator[Store]:
    os.kill(own_store.pid, signal.SIGSTOP)
    yield own_store
    os.kill(own_store.pid, signal.SIGCONT)


def test_a_store_that_does_not_answer_is_not_waited_for(stopped: Store) -> None:
    began = time.monotonic()
    with pytest.raises(DeliveryFailed):
        ClipStore(stopped.connection(HURRIED)).get(KEYS[0])
    assert time.monotonic() - began < 3.5


def test_a_key_that_is_refused_is_an_error_that_says_nothing_of_it(store: Store) -> None:
    clips = ClipStore(store.connection(HURRIED, secret_access_key=SecretStr("WRONG")))
    with pytest.raises(DeliveryFailed) as refusal:
        clips.get(KEYS[0])
    assert "WRONG" not in str(refusal.value)


def test_as_a_tier_an_outage_is_a_miss_and_after_some_it_rests(own_store: Store) -> None:
    tally = Tally()
    tier = Tier(
        ClipStore(own_store.connection(HURRIED)),
        ttl_sec=10**12,
        tally=tally,
        patience=TierPatience(failures=3, rest_sec=0.2),
    )
    said = entry()
    tier.put(KEYS[0], pack(said, KEYS[0]))
    own_store.kill()
    assert [tier.get(KEYS[0]) for _ in range(5)] == [None] * 5
    counts = tally.figures({}).by_tier["s3"]
    assert (counts["stored"], counts["failed"], counts["skipped"]) == (1, 3, 2)
    own_store.start()
    time.sleep(0.2)
    found = tier.get(KEYS[0])
    assert found is not None
    assert same(found, said)


def test_a_damaged_object_is_deleted(store: Store, clips: ClipStore) -> None:
    tier = Tier(clips, ttl_sec=10**12, tally=Tally())
    clips.put(KEYS[5], pack(entry(), KEYS[5])[:-1])
    assert tier.get(KEYS[5]) is None
    assert f"tts/a/cache/{KEYS[5]}" not in store.readable()


def test_the_settings_say_whether_there_is_one(store: Store) -> None:
    bucket = {
        "s3_endpoint": f"http://127.0.0.1:{store.port}",
        "s3_bucket": BUCKET,
        "s3_access_key_id": SecretStr("CANARYACCESSKEY"),
        "s3_secret_access_key": SecretStr("CANARY/SECRET+KEY"),
        "s3_prefix": "from-settings",
    }
    assert clip_store(Settings()) is None
    assert clip_store(Settings(**bucket)) is None  # type: ignore[arg-type]  # as the fields are
    clips = clip_store(Settings(**bucket, cache_s3=True))  # type: ignore[arg-type]  # the same
    assert clips is not None
    clips.put(KEYS[6], b"data")
    assert f"from-settings/cache/{KEYS[6]}" in store.readable()
