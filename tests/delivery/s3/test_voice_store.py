from __future__ import annotations

import gc
import logging
import os
import signal
import threading
import time
import traceback
import weakref
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from dataclasses import replace
from itertools import count

import numpy as np
import pytest
from pydantic import SecretStr

from tests.delivery.s3.answering import Answer, answering
from tests.delivery.s3.conditional import ConditionalStore, conditional_store, etag
from tests.delivery.s3.store import ACCESS_KEY_ID, BUCKET, SECRET_ACCESS_KEY, Store
from tests.delivery.s3.voices import Answers, counted, made, same
from voice_library.embedding_file import voice_to_bytes
from voice_library.errors import InvalidVoiceFile, NameTaken, StoreUnavailable, UnknownVoice, VoiceChanged
from voice_library.library import VoiceLibrary
from voice_library.shelf import Shelf
from voice_library.store import VoiceStore
from voice_library.voice import Voice
from worker.delivery.s3 import folder_list
from worker.delivery.s3 import voice_store as module
from worker.delivery.s3.connection import Connection
from worker.delivery.s3.objects import HURRIED
from worker.delivery.s3.voice_store import FRONT_BYTES, SAVING, BucketVoices, voice_store
from worker.settings import Settings

Put = Callable[[str, bytes], None]

PREFIXES = count()
LIBRARY = VoiceLibrary(voices=(Voice(id="sarah", names=("Sarah",), language="en-US", gender="female"),))


@pytest.fixture
def prefix() -> str:
    """Of this test alone."""
    return f"tts/{next(PREFIXES)}"


@pytest.fixture(scope="module")
def connection(store: Store) -> Connection:
    return store.connection(HURRIED)


@pytest.fixture
def voices(connection: Connection, prefix: str) -> BucketVoices:
    return BucketVoices(connection, prefix)


@pytest.fixture
def others(connection: Connection, prefix: str) -> BucketVoices:
    """Another worker's."""
    return BucketVoices(connection, prefix)


@pytest.fixture
def put(connection: Connection, prefix: str) -> Put:
    """Puts an object there, as somebody else would."""

    def put(name: str, data: bytes) -> None:
        connection.client.put_object(Bucket=BUCKET, Key=f"{prefix}/voices/{name}", Body=data)

    return put


@pytest.fixture
def answers(connection: Connection) -> Iterator[Answers]:
    with counted(connection) as answers:
        yield answers


@pytest.fixture
def strict() -> Iterator[ConditionalStore]:
    with conditional_store() as running:
        yield running


def opened(voices: BucketVoices, voice_id: str = "me") -> Voice:
    kept = voices.open(voice_id)
    assert kept is not None
    return kept.voice


def test_what_was_written_is_there_to_the_last_bit_under_the_prefix(
    store: Store, prefix: str, voices: VoiceStore
) -> None:
    assert voices.open("me") is None
    kept = voices.write(made(), over=None)
    found = voices.open("me")
    assert found is not None
    assert found.stamp == kept.stamp == voices.stamp("me")
    assert same(kept.voice, made())
    assert same(found.voice, made())
    assert f"{prefix}/voices/me.safetensors" in store.readable()
    assert isinstance(voices.exclusive(), nullcontext)


def test_without_a_prefix_it_begins_with_its_folder(store: Store) -> None:
    BucketVoices(store.connection(HURRIED)).write(made("bare"), over=None)
    assert "voices/bare.safetensors" in store.readable()


def test_what_was_removed_is_gone_and_those_who_have_its_arrays_keep_them(voices: BucketVoices) -> None:
    voice = voices.write(made(), over=None).voice
    assert voice.reference is not None
    samples = voice.reference.samples
    assert [voices.remove("me"), voices.remove("me")] == [True, False]
    assert (voices.stamp("me"), voices.open("me"), dict(voices.stamps())) == (None, None, {})
    assert samples[0] == np.float32(0.1)


def test_what_one_worker_writes_all_others_see(voices: BucketVoices, others: BucketVoices) -> None:
    first = voices.write(made(), over=None)
    assert others.stamp("me") is None
    assert same(opened(others), made())
    assert others.stamp("me") == first.stamp
    assert others.stamps() == {"me": first.stamp}
    second = others.write(made(value=0.2), over=first.stamp)
    assert voices.stamp("me") == first.stamp != second.stamp
    assert voices.stamps() == {"me": second.stamp}
    assert same(opened(voices), made(value=0.2))


def test_on_a_shelf_the_voices_of_all_workers_stand(voices: BucketVoices, others: BucketVoices) -> None:
    here, there = Shelf(LIBRARY, voices), Shelf(LIBRARY, others)
    here.save(made("my-voice"), replaces=False)
    assert there.find("My Voice").id == "my-voice"  # on a miss the store is asked at once
    with pytest.raises(NameTaken):
        there.save(made("my-voice", value=0.2), replaces=False)
    assert there.save(made("my-voice", value=0.2), replaces=True).version == 2
    assert here.refresh() == []
    found = here.find("my-voice")
    assert isinstance(found, Voice)
    assert found.version == 2
    assert same(found, made("my-voice", value=0.2))
    assert here.remove(found.id)
    there.refresh()
    with pytest.raises(UnknownVoice):
        there.find("my-voice")
    assert [voice.id for voice in there.library.voices] == ["sarah"]


def test_a_voice_saved_again_is_kept_once_with_the_embeddings_of_both(
    voices: BucketVoices, others: BucketVoices
) -> None:
    first = made()
    Shelf(LIBRARY, voices).save(replace(first, embeddings={"tone/1": first.embeddings["tone/1"]}), replaces=False)
    kept = Shelf(LIBRARY, others).save(
        replace(first, embeddings={"other/1": first.embeddings["other/1"]}), replaces=False
    )
    assert kept.version == 1
    assert same(opened(voices), first)


def test_the_stamp_is_known_without_asking(own_store: Store) -> None:
    voices = BucketVoices(own_store.connection(HURRIED))
    kept = voices.write(made(), over=None)
    own_store.kill()
    assert voices.stamp("me") == kept.stamp
    assert voices.stamp("nobody") is None


def test_a_list_of_many_pages_is_read_to_its_end(
    voices: BucketVoices, monkeypatch: pytest.MonkeyPatch, put: Put
) -> None:
    monkeypatch.setattr(folder_list, "PAGE_KEYS", 2)
    for number in range(7):
        put(f"v{number}.safetensors", bytes([number]))
    for name in ("sub/x.safetensors", ".hidden.safetensors", "notes.txt"):
        put(name, b"x")
    assert list(voices.stamps()) == [f"v{number}" for number in range(7)]
    assert len(set(voices.stamps().values())) == 7


def test_beyond_what_a_catalogue_may_list_the_rest_is_left_out_and_that_is_told_once(
    store: Store, prefix: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, put: Put
) -> None:
    monkeypatch.setattr(module, "MAX_ENTRIES", 3)
    voices = BucketVoices(store.connection(HURRIED), prefix)
    for number in range(5):
        put(f"v{number}.safetensors", b"x")
    with caplog.at_level(logging.WARNING):
        assert [list(voices.stamps()) for _ in range(2)] == [["v0", "v1", "v2"]] * 2
    assert len(caplog.records) == 1


def test_of_voices_in_a_list_only_the_headers_are_fetched(
    connection: Connection, voices: BucketVoices, prefix: str, put: Put, answers: Answers
) -> None:
    for number in range(20):
        put(f"v{number}.safetensors", voice_to_bytes(made(f"v{number}", seconds=10)))
    answers.clear()
    shelf = Shelf(LIBRARY, BucketVoices(connection, prefix))
    assert shelf.refresh() == []
    assert len(shelf.library.voices) == 21
    assert shelf.refresh() == []
    gets = [size for operation, size in answers if operation == "GetObject"]
    assert len(gets) == 20
    assert sum(gets) <= 20 * FRONT_BYTES < 20 * 10 * 32_000


def test_the_arrays_are_fetched_when_they_are_asked_for_and_no_others(
    connection: Connection, prefix: str, put: Put, answers: Answers
) -> None:
    put("me.safetensors", voice_to_bytes(made(seconds=30)))
    voice = opened(BucketVoices(connection, prefix))
    answers.clear()
    assert voice.reference is not None
    assert voice.reference.duration_sec == 30
    assert voice.embeddings.keys() == {"tone/1", "other/1"}
    assert not answers
    for _ in range(3):
        assert voice.embeddings["tone/1"]["f0_hz"] == np.float32(0.1)
        assert list(voice.embeddings["tone/1"]["tokens"]) == [0, 1, 2, 3, 4]
    assert [size for _, size in answers] in ([4, 5 * 8], [5 * 8, 4])
    answers.clear()
    assert voice.embeddings["other/1"].keys() == {"x", "y"}
    assert [size for _, size in answers] == [(3 * 7 + 4) * 8]  # neighbours of one kind come at once
    answers.clear()
    assert len(voice.reference.samples) == 30 * 8000
    assert len(voice.reference.samples) == 30 * 8000
    assert sum(size for _, size in answers) == 30 * 32_000
    with pytest.raises(ValueError, match="read-only"):
        voice.reference.samples[0] = 1


def test_what_was_just_saved_is_not_fetched(connection: Connection, prefix: str, answers: Answers) -> None:
    answers.clear()
    assert same(BucketVoices(connection, prefix).write(made(), over=None).voice, made())
    assert [operation for operation, _ in answers] == ["PutObject"]


def test_a_recording_of_several_answers_comes_whole(voices: BucketVoices, others: BucketVoices) -> None:
    voices.write(made(seconds=59), over=None)
    assert same(opened(others), made(seconds=59))


def test_a_long_header_takes_a_second_request(
    connection: Connection, voices: BucketVoices, prefix: str, monkeypatch: pytest.MonkeyPatch, answers: Answers
) -> None:
    voices.write(made(words=200), over=None)
    monkeypatch.setattr(module, "FRONT_BYTES", 100)
    answers.clear()
    voice = opened(BucketVoices(connection, prefix))
    assert len(answers) == 2
    assert len(voice.lexicon) == 200
    assert same(voice, made())


def test_what_was_used_last_stays_in_memory_up_to_a_limit(
    connection: Connection, prefix: str, put: Put, answers: Answers
) -> None:
    for number in range(10):
        put(f"v{number}.safetensors", voice_to_bytes(made(f"v{number}")))
    limit_bytes = 3 * 32_000
    voices = BucketVoices(connection, prefix, recent_bytes=limit_bytes)
    known = [opened(voices, f"v{number}") for number in range(10)]
    answers.clear()
    alive: list[weakref.ref[np.ndarray]] = []
    for voice in (*known, *known[-3:]):
        assert voice.reference is not None
        alive.append(weakref.ref(voice.reference.samples))
        gc.collect()
        held_bytes = sum({id(array): array.nbytes for ref in alive if (array := ref()) is not None}.values())
        assert held_bytes <= limit_bytes
    assert held_bytes == limit_bytes
    assert len(answers) == 10  # the last three were still there
    assert known[0].reference is not None
    assert len(known[0].reference.samples) == 8000
    assert len(answers) == 11


def test_arrays_beyond_the_limit_are_fetched_each_time(
    connection: Connection, voices: BucketVoices, prefix: str, answers: Answers
) -> None:
    voices.write(made(), over=None)
    voice = opened(BucketVoices(connection, prefix, recent_bytes=100))
    answers.clear()
    for _ in range(2):
        assert voice.reference is not None
        assert len(voice.reference.samples) == 8000
    assert len(answers) == 2


def test_a_voice_replaced_before_its_arrays_were_asked_for_has_changed(
    voices: BucketVoices, others: BucketVoices
) -> None:
    first = voices.write(made(), over=None)
    shelf = Shelf(LIBRARY, others)
    before = shelf.find("me")
    voices.write(made(value=0.2), over=first.stamp)
    assert isinstance(before, Voice)
    assert before.reference is not None
    with pytest.raises(VoiceChanged, match="send the job again"):
        _ = before.reference.samples
    again = shelf.find("me")  # without a refresh
    assert isinstance(again, Voice)
    assert same(again, made(value=0.2))


def test_a_voice_removed_before_its_arrays_were_asked_for_has_changed(
    voices: BucketVoices, others: BucketVoices
) -> None:
    voices.write(made(), over=None)
    shelf = Shelf(LIBRARY, others)
    before = shelf.find("me")
    assert isinstance(before, Voice)
    voices.remove("me")
    with pytest.raises(VoiceChanged):
        _ = before.embeddings["tone/1"]["f0_hz"]
    with pytest.raises(UnknownVoice):
        shelf.find("me")


@pytest.mark.parametrize(
    ("data", "word"),
    [
        (b"", "empty"),
        (b"no voice at all", "does not begin with"),
        (voice_to_bytes(made())[:-1], "truncated"),
        (voice_to_bytes(made())[:300], "truncated"),
        (voice_to_bytes(made()) + b"x", "no tensor"),
        (b"\xff" * 100_000, "does not begin with"),
        (voice_to_bytes(made("somebody-else")), "holds the voice 'somebody-else'"),
    ],
)
def test_an_object_that_is_no_voice_file_is_told_and_gives_way(
    voices: BucketVoices, data: bytes, word: str, put: Put
) -> None:
    put("me.safetensors", data)
    shelf = Shelf(LIBRARY, voices)
    (problem,) = shelf.refresh()
    assert isinstance(problem, InvalidVoiceFile)
    for ask in (lambda: voices.open("me"), lambda: shelf.save(made(), replaces=False)):
        with pytest.raises(InvalidVoiceFile, match=word) as caught:
            ask()
        assert "'me.safetensors'" in str(caught.value)
    assert same(shelf.save(made(), replaces=True), made())


def test_a_number_that_is_none_is_told_by_what_holds_it(voices: BucketVoices, put: Put) -> None:
    put("me.safetensors", voice_to_bytes(made()).replace(np.float32(0.1).tobytes(), b"\xff" * 4))
    voice = opened(voices)
    assert voice.embeddings["other/1"]["x"].shape == (3, 7)
    assert voice.reference is not None
    for _ in range(2):
        with pytest.raises(InvalidVoiceFile, match=r"'me\.safetensors'.*audio.*NaN"):
            _ = voice.reference.samples


def test_an_object_that_is_too_large_is_not_fetched(
    connection: Connection, prefix: str, monkeypatch: pytest.MonkeyPatch, put: Put, answers: Answers
) -> None:
    put("me.safetensors", voice_to_bytes(made(seconds=30)))
    monkeypatch.setattr(module, "MAX_FILE_BYTES", 2**19)
    answers.clear()
    with pytest.raises(InvalidVoiceFile, match="larger than"):
        BucketVoices(connection, prefix).open("me")
    assert sum(size for _, size in answers) <= FRONT_BYTES


@pytest.mark.parametrize("hostile", ["", "../me", "a/b", "ME", "é", "a" * 65, "me\n", ".me", "me?x=1", "%2e%2e"])
def test_what_is_no_voice_id_never_becomes_the_name_of_an_object(voices: BucketVoices, hostile: str) -> None:
    for ask in (voices.open, voices.remove):
        with pytest.raises(InvalidVoiceFile, match="named as no voice can be"):
            ask(hostile)
    assert voices.stamp(hostile) is None


def test_names_in_the_bucket_that_are_no_ids_are_told_once(voices: BucketVoices, put: Put) -> None:
    for name in ("UPPER.safetensors", "a b.safetensors", "é.safetensors", "good.safetensors"):
        put(name, voice_to_bytes(made("good")))
    shelf = Shelf(LIBRARY, voices)
    assert [type(problem) for problem in shelf.refresh()] == [InvalidVoiceFile] * 3
    assert shelf.refresh() == []
    assert shelf.find("good").id == "good"


def test_a_store_that_is_gone_is_told_soon_and_found_again(own_store: Store) -> None:
    voices = BucketVoices(own_store.connection(HURRIED))
    voices.write(made(), over=None)
    unread = opened(BucketVoices(own_store.connection(HURRIED)))
    own_store.kill()
    began = time.monotonic()
    for ask in (voices.stamps, lambda: voices.open("me"), lambda: unread.embeddings["tone/1"]["f0_hz"]):
        with pytest.raises(StoreUnavailable, match="the bucket of saved voices: the store was not reached"):
            ask()
    assert time.monotonic() - began < 2.0
    own_store.start()
    assert same(opened(voices), made())
    assert unread.embeddings["tone/1"]["f0_hz"] == np.float32(0.1)


def test_a_change_waits_for_a_store_that_comes_back(own_store: Store) -> None:
    voices = BucketVoices(own_store.connection(HURRIED))
    assert voices.stamps() == {}
    own_store.kill()
    timer = threading.Timer(0.5, own_store.start)
    timer.start()
    try:
        voices.write(made(), over=None)
    finally:
        timer.join()
    assert same(opened(voices), made())


def test_a_store_that_does_not_answer_is_not_waited_for(own_store: Store) -> None:
    voices = BucketVoices(own_store.connection(HURRIED))
    os.kill(own_store.pid, signal.SIGSTOP)
    try:
        began = time.monotonic()
        with pytest.raises(StoreUnavailable):
            voices.open("me")
        assert time.monotonic() - began < HURRIED.read_sec + 1.5
    finally:
        os.kill(own_store.pid, signal.SIGCONT)


def test_a_change_that_is_not_answered_is_given_up_in_the_end(
    own_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "CHANGE_SEC", 1.5)
    voices = BucketVoices(own_store.connection(replace(SAVING, read_sec=1.0)))
    os.kill(own_store.pid, signal.SIGSTOP)
    try:
        began = time.monotonic()
        with pytest.raises(StoreUnavailable):
            voices.write(made(), over=None)
        assert 2.0 < time.monotonic() - began < 4.0  # two tries
    finally:
        os.kill(own_store.pid, signal.SIGCONT)


def test_a_wrong_secret_is_told_and_says_nothing_of_it(store: Store) -> None:
    voices = BucketVoices(store.connection(HURRIED, secret_access_key=SecretStr("WRONG")))
    for ask in (voices.stamps, lambda: voices.open("me"), lambda: voices.write(made(), over=None)):
        with pytest.raises(StoreUnavailable, match="secret access key") as refusal:
            ask()
        assert "WRONG" not in str(refusal.value)


def test_a_missing_permission_is_named() -> None:
    denied = Answer(403, "AccessDenied")
    with answering(dict.fromkeys(("GET", "PUT", "HEAD", "DELETE"), denied)) as (connection, _):
        voices = BucketVoices(connection)
        for ask, permission in (
            (voices.stamps, "s3:ListBucket"),
            (lambda: voices.open("me"), "s3:GetObject and s3:ListBucket"),
            (lambda: voices.write(made(), over=None), "s3:PutObject"),
            (lambda: voices.remove("me"), "s3:DeleteObject"),
        ):
            with pytest.raises(StoreUnavailable, match=permission) as refusal:
                ask()
            told = str(refusal.value) + "".join(traceback.format_exception_only(refusal.value))
            assert not any(secret in told for secret in (SECRET_ACCESS_KEY, ACCESS_KEY_ID, "127.0.0.1", "a/path"))


def test_a_hundred_threads_share_what_they_ask_for(
    connection: Connection, prefix: str, put: Put, answers: Answers
) -> None:
    """Two headers where all ask at once, the one under way and the one after it; a busy machine lets them in turns."""
    put("me.safetensors", voice_to_bytes(made()))
    answers.clear()
    voices = BucketVoices(connection, prefix)
    together = threading.Barrier(100)

    def listen(_number: int) -> bool:
        together.wait()
        return same(opened(voices), made())

    with ThreadPoolExecutor(100) as threads:
        assert all(threads.map(listen, range(100)))
    sizes = [size for _, size in answers]
    assert sizes.count(32_000) == 1
    assert sum(size == FRONT_BYTES for size in sizes) <= 10
    assert len(sizes) <= 10 + 4


def test_two_workers_that_save_at_the_same_time_do_not_undo_each_other(strict: ConditionalStore) -> None:
    here, there = (BucketVoices(strict.connection()) for _ in range(2))
    first = here.write(made(), over=None)
    with pytest.raises(VoiceChanged):
        there.write(made(value=0.2), over=None)
    second = here.write(made(value=0.3), over=first.stamp)
    assert here.stamp("me") == second.stamp
    with pytest.raises(VoiceChanged):
        there.write(made(value=0.2), over=first.stamp)
    assert there.stamp("me") is None
    assert same(opened(there), made(value=0.3))
    here.remove("me")
    with pytest.raises(VoiceChanged):
        there.write(made(value=0.2), over=second.stamp)
    assert not strict.objects


def test_on_shelves_all_of_many_savers_leave_their_embedding(strict: ConditionalStore) -> None:
    voice = made()
    shelves = [Shelf(LIBRARY, BucketVoices(strict.connection())) for _ in range(3)]
    together = threading.Barrier(3)

    def save(number: int) -> None:
        together.wait()
        embeddings = {f"engine{number}/1": voice.embeddings["tone/1"]}
        shelves[number].save(replace(voice, embeddings=embeddings), replaces=False)

    with ThreadPoolExecutor(3) as threads:
        list(threads.map(save, range(3)))
    found = opened(BucketVoices(strict.connection()))
    assert found.embeddings.keys() == {"engine0/1", "engine1/1", "engine2/1"}


def test_what_is_fetched_late_is_asked_for_by_its_stamp(strict: ConditionalStore) -> None:
    voices = BucketVoices(strict.connection())
    voices.write(made(), over=None)
    before = opened(BucketVoices(strict.connection()))
    ((path, data),) = strict.objects.items()
    assert before.embeddings["other/1"]["x"].shape == (3, 7)
    assert strict.requests[-1] == ("GET", etag(data))
    strict.objects[path] = voice_to_bytes(made(value=0.2))
    assert before.reference is not None
    with pytest.raises(VoiceChanged):
        _ = before.reference.samples


def test_a_damaged_object_gives_way_by_its_stamp(strict: ConditionalStore) -> None:
    strict.objects[f"/{BUCKET}/voices/me.safetensors"] = b"damaged"
    shelf = Shelf(LIBRARY, BucketVoices(strict.connection()))
    assert same(shelf.save(made(), replaces=True), made())
    assert strict.requests[-1] == ("PUT", etag(b"damaged"))


def test_a_store_that_refuses_conditions_is_written_to_without(strict: ConditionalStore) -> None:
    strict.knows_conditions = False
    voices = BucketVoices(strict.connection())
    kept = voices.write(made(), over=None)
    voices.write(made(value=0.2), over=kept.stamp)
    assert same(opened(voices), made(value=0.2))
    assert [condition for method, condition in strict.requests if method == "PUT"] == ["*", "", f'"{kept.stamp}"', ""]


def test_the_real_store_of_these_tests_knows_no_conditions(voices: BucketVoices, others: BucketVoices) -> None:
    """Where this fails it has learned them: then the store in memory has done its part."""
    voices.write(made(), over=None)
    others.write(made(value=0.2), over=None)
    assert same(opened(voices), made(value=0.2))


def test_a_save_whose_answer_is_lost_is_saved_once(strict: ConditionalStore) -> None:
    strict.answers_lost = 1
    shelf = Shelf(LIBRARY, BucketVoices(strict.connection()))
    assert shelf.save(made(), replaces=False).version == 1
    assert same(opened(BucketVoices(strict.connection())), made())


def test_the_settings_say_whether_there_is_one(store: Store) -> None:
    bucket = {
        "s3_endpoint": f"http://127.0.0.1:{store.port}",
        "s3_bucket": BUCKET,
        "s3_access_key_id": SecretStr(ACCESS_KEY_ID),
        "s3_secret_access_key": SecretStr(SECRET_ACCESS_KEY),
        "s3_prefix": "from-settings",
    }
    assert voice_store(Settings()) is None
    assert voice_store(Settings(**bucket)) is None  # type: ignore[arg-type]  # as the fields are
    voices = voice_store(Settings(**bucket, saved_voices_s3=True))  # type: ignore[arg-type]  # the same
    assert voices is not None
    voices.write(made(), over=None)
    assert "from-settings/voices/me.safetensors" in store.readable()
