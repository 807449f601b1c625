"""Cached takes, over an engine whose takes are made clip by clip when the test says so."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.cache.entries import noise, utterance, voice
from worker.audio.clip import Clip, Word
from worker.cache.cache import Cache
from worker.cache.figures import Tally
from worker.cache.folder import Folder
from worker.cache.memory import Memory
from worker.cache.store import Store
from worker.cache.tier import Tier
from worker.engines.base import LazyTake, Rejected, Submit, Take, Utterance, Verdict
from worker.errors import Cancelled, EngineFailed
from worker.jobs.context import Worker
from worker.takes.cached import cached
from worker.takes.in_order import in_order, whole

WAIT_SEC = 10.0
RATE = 24_000


class Studio:
    """An engine that notes what it is asked; its takes wait for `go` before each clip."""

    def __init__(self, *, clips: int = 2, free: int = 0, going: bool = True, **verdict: object) -> None:
        self.clips = clips
        self.free = free
        """Clips that are made without waiting."""
        self.verdict = verdict
        self.fault: Exception | None = None
        self.go = threading.Event()
        if going:
            self.go.set()
        self.submitted: list[Utterance] = []
        self.takes: list[StudioTake] = []
        self.renderings: Counter[str] = Counter()
        self.changed = threading.Condition()

    def submit(self, given: Utterance) -> Take:
        take = StudioTake(self, given)
        with self.changed:
            self.submitted.append(given)
            self.takes.append(take)
            self.changed.notify_all()
        return take

    def wait_for(self, condition: Callable[[], bool]) -> None:
        with self.changed:
            assert self.changed.wait_for(condition, WAIT_SEC)


class StudioTake:
    def __init__(self, studio: Studio, given: Utterance) -> None:
        self.studio, self.given = studio, given
        self.is_cancelled = False
        self.is_read = False

    @property
    def verdict(self) -> Verdict:
        return Verdict(**{"seed": self.given.seed, "engine": "fake", **self.studio.verdict})  # type: ignore[arg-type]

    def __iter__(self) -> Iterator[Clip]:
        with self.studio.changed:
            self.is_read = True
            self.studio.renderings[self.given.text] += 1
            self.studio.changed.notify_all()
        for number in range(self.studio.clips):
            if number >= self.studio.free:
                self.wait()
            words = (Word(text=f"{self.given.text}{number}", start_sec=0.25),)
            yield Clip(samples=noise(100, seed=self.given.seed + number), sample_rate=RATE, words=words)
        self.wait()

    def wait(self) -> None:
        deadline = time.monotonic() + WAIT_SEC
        while not self.studio.go.wait(0.005) and not self.is_cancelled:
            assert time.monotonic() < deadline
        if self.is_cancelled:
            raise Cancelled("cancelled")
        if self.studio.fault is not None:
            raise self.studio.fault

    def cancel(self) -> None:
        self.is_cancelled = True


class SlowStore:
    """A store in a dictionary that answers when the test says so."""

    name = "slow"
    size_bytes = None

    def __init__(self) -> None:
        self.kept: dict[str, bytes] = {}
        self.answers = threading.Event()
        self.asked = threading.Semaphore(0)

    def get(self, key: str) -> bytes | None:
        self.asked.release()
        assert self.answers.wait(WAIT_SEC)
        return self.kept.get(key)

    def put(self, key: str, data: bytes) -> None:
        self.kept[key] = data

    def delete(self, key: str) -> None:
        self.kept.pop(key, None)


@contextmanager
def opened(*stores: Store, memory_bytes: int = 10**8) -> Iterator[Cache]:
    tally = Tally()
    memory = Memory(max_bytes=memory_bytes, ttl_sec=1000, tally=tally)
    cache = Cache(memory, [Tier(store, ttl_sec=1000, tally=tally) for store in stores], tally=tally)
    try:
        yield cache
    finally:
        cache.close()


@pytest.fixture
def cache() -> Iterator[Cache]:
    with opened() as cache:
        yield cache


def stacked(studio: Studio, cache: Cache, **options: object) -> Submit:
    return cached(studio.submit, cache, lambda engine: f"{engine}-1", **options)  # type: ignore[arg-type]


def heard(take: Take) -> tuple[list[tuple[bytes, int, tuple[Word, ...]]], Verdict]:
    clips = [(clip.samples.tobytes(), clip.sample_rate, clip.words) for clip in take]
    return clips, take.verdict


def in_background(take: Take) -> Future[tuple[list[tuple[bytes, int, tuple[Word, ...]]], Verdict]]:
    future: Future[tuple[list[tuple[bytes, int, tuple[Word, ...]]], Verdict]] = Future()

    def listen() -> None:
        try:
            future.set_result(heard(take))
        except BaseException as error:  # noqa: BLE001 - raised by the future
            future.set_exception(error)

    threading.Thread(target=listen, daemon=True).start()
    return future


def test_an_utterance_said_again_is_heard_to_the_last_bit_without_being_rendered(cache: Cache) -> None:
    studio = Studio(attempts=2, speech_tokens=(1, 2), rejected=(Rejected(seed=3, engine="fake", failed=("pace",)),))
    submit = stacked(studio, cache)
    first_clips, first = heard(submit(utterance()))
    again_clips, again = heard(submit(utterance(index=5, start=1, end=6, pause_sec=1.0)))
    assert again_clips == first_clips == heard(studio.submit(utterance()))[0]
    assert again == replace(first, cached=True)
    assert (first.cached, first.attempts) == (False, 2)
    assert len(studio.submitted) == 2
    assert (cache.figures.hits, cache.figures.misses) == (1, 1)


def test_another_utterance_is_rendered(cache: Cache) -> None:
    studio = Studio()
    submit = stacked(studio, cache)
    for given in (utterance(), utterance(seed=8), utterance("other"), utterance(voice=voice(gender="male"))):
        heard(submit(given))
    assert len(studio.submitted) == 4


def test_another_revision_is_rendered(cache: Cache) -> None:
    studio = Studio()
    for revision in ("1", "2"):
        heard(cached(studio.submit, cache, lambda _, revision=revision: revision)(utterance()))
    assert len(studio.submitted) == 2


@pytest.mark.parametrize(
    "verdict",
    [
        {"failed": ("pace",)},
        {"end": "token_limit"},
        {"engine": "other"},
        {"rejected": (Rejected(seed=1, engine="other", failed=("engine_failed",)),)},
    ],
)
def test_a_rendering_that_failed_a_check_was_cut_or_is_another_engines_is_not_kept(
    cache: Cache, verdict: dict[str, object]
) -> None:
    studio = Studio(**verdict)
    submit = stacked(studio, cache)
    assert heard(submit(utterance())) == heard(submit(utterance()))
    assert len(studio.submitted) == 2
    assert cache.figures.counts["unkept"] == 2


def test_a_rendering_that_failed_is_kept_where_that_is_wanted(cache: Cache) -> None:
    studio = Studio(failed=("pace",), end="token_limit")
    submit = stacked(studio, cache, keeps_failed=True)
    heard(submit(utterance()))
    assert heard(submit(utterance()))[1].cached
    assert len(studio.submitted) == 1


def test_an_utterance_without_text_goes_straight_through(cache: Cache) -> None:
    studio = Studio()
    submit = stacked(studio, cache)
    assert isinstance(submit(utterance("")), StudioTake)
    heard(submit(utterance("")))
    assert not cache.figures.counts


def test_a_miss_is_with_the_engine_at_once_and_read_when_somebody_listens(cache: Cache) -> None:
    studio = Studio()
    take = stacked(studio, cache)(utterance())
    assert len(studio.submitted) == 1
    time.sleep(0.02)
    assert not studio.takes[0].is_read
    heard(take)
    assert studio.takes[0].is_read


def test_clips_are_heard_as_they_are_made(cache: Cache) -> None:
    studio = Studio(free=1, going=False)
    clips = iter(stacked(studio, cache)(utterance()))
    assert len(next(clips).samples) == 100
    studio.go.set()
    assert len(list(clips)) == 1


def test_a_window_of_takes_is_under_way_and_heard_in_order(cache: Cache) -> None:
    studio = Studio()
    script = [utterance(f"u{number}", seed=number) for number in range(6)]
    pieces = in_order(iter(script), stacked(studio, cache), ahead=3)
    next(pieces)
    assert len(studio.submitted) == 3
    pieces.close()
    first, again = (list(whole(in_order(script, stacked(studio, cache), ahead=3))) for _ in range(2))
    assert [each.utterance.index for each in first] == [each.utterance.index for each in again]
    for one, other in zip(first, again, strict=True):
        assert np.array_equal(one.clip.samples, other.clip.samples)
        assert other.verdict.cached


def test_a_window_left_early_cancels_its_takes(cache: Cache) -> None:
    studio = Studio(going=False)
    script = [utterance(f"u{number}", seed=number) for number in range(3)]
    takes = [stacked(studio, cache)(each) for each in script]
    listener = in_background(takes[0])
    studio.wait_for(lambda: studio.takes[0].is_read)
    for take in takes:
        take.cancel()
        take.cancel()
    with pytest.raises(Cancelled):
        listener.result(WAIT_SEC)
    assert all(take.is_cancelled for take in studio.takes)
    with pytest.raises(Cancelled):
        heard(takes[1])


def test_a_verdict_is_known_when_the_last_clip_is(cache: Cache) -> None:
    take = stacked(Studio(), cache)(utterance())
    with pytest.raises(ValueError, match="last clip"):
        _ = take.verdict
    list(take)
    assert take.verdict.seed == 7


def test_sixteen_who_ask_at_once_hear_one_rendering(cache: Cache) -> None:
    studio = Studio(going=False)
    submit = stacked(studio, cache)
    listeners = [in_background(submit(utterance())) for _ in range(16)]
    studio.wait_for(lambda: studio.renderings["hello"] == 1)
    studio.go.set()
    results = [listener.result(WAIT_SEC) for listener in listeners]
    assert all(result == results[0] for result in results)
    assert len(studio.submitted) == 1
    assert not results[0][1].cached
    assert (cache.figures.misses, cache.figures.counts["shared"]) == (1, 15)


def test_sixteen_threads_with_the_same_and_other_utterances_each_hear_their_own(cache: Cache) -> None:
    studio = Studio()
    submit = stacked(studio, cache)
    script = [utterance(f"u{number}", seed=100 * number) for number in range(8)]
    expected = [heard(studio.submit(each))[0] for each in script]
    studio.renderings.clear()

    def work(number: int) -> None:
        for turn in range(24):
            which = (number * 5 + turn) % len(script)
            assert heard(submit(script[which]))[0] == expected[which]

    with ThreadPoolExecutor(16) as pool:
        list(pool.map(work, range(16)))
    assert dict(studio.renderings) == {each.text: 1 for each in script}


@pytest.mark.parametrize("leaver", [0, 1])
def test_one_who_is_cancelled_wakes_and_the_other_hears_the_end(cache: Cache, leaver: int) -> None:
    studio = Studio(going=False)
    submit = stacked(studio, cache)
    takes = [submit(utterance()), submit(utterance())]
    listeners = [in_background(take) for take in takes]
    studio.wait_for(lambda: bool(studio.renderings))
    takes[leaver].cancel()
    with pytest.raises(Cancelled):
        listeners[leaver].result(WAIT_SEC)
    assert not studio.takes[0].is_cancelled
    studio.go.set()
    assert len(listeners[1 - leaver].result(WAIT_SEC)[0]) == 2
    assert len(studio.submitted) == 1


def test_one_cancelled_before_it_was_read_leaves_the_rendering_to_the_other(cache: Cache) -> None:
    studio = Studio()
    submit = stacked(studio, cache)
    first, second = submit(utterance()), submit(utterance())
    first.cancel()
    assert len(heard(second)[0]) == 2


def test_one_who_is_slow_keeps_nobody_waiting(cache: Cache) -> None:
    submit = stacked(Studio(clips=3), cache)
    slow, quick = iter(submit(utterance())), submit(utterance())
    next(slow)
    assert len(heard(quick)[0]) == 3
    assert len(list(slow)) == 2


def test_two_jobs_that_read_each_others_utterances_in_turns_do_not_wait_for_ever(cache: Cache) -> None:
    submit = stacked(Studio(), cache)
    mine, theirs = submit(utterance("a")), submit(utterance("b"))
    follower_of_theirs, follower_of_mine = submit(utterance("b")), submit(utterance("a"))
    assert in_background(follower_of_theirs).result(WAIT_SEC)
    assert in_background(follower_of_mine).result(WAIT_SEC)
    assert in_background(mine).result(WAIT_SEC)
    assert in_background(theirs).result(WAIT_SEC)


def test_when_the_last_one_leaves_the_rendering_ends_and_the_next_one_begins_anew(cache: Cache) -> None:
    studio = Studio(going=False)
    submit = stacked(studio, cache)
    takes = [submit(utterance()), submit(utterance())]
    listener = in_background(takes[0])
    studio.wait_for(lambda: bool(studio.renderings))
    for take in takes:
        take.cancel()
    with pytest.raises(Cancelled):
        listener.result(WAIT_SEC)
    assert studio.takes[0].is_cancelled
    studio.go.set()
    assert len(heard(submit(utterance()))[0]) == 2
    assert len(studio.submitted) == 2
    assert not cache.figures.hits


def test_an_error_reaches_everyone_and_is_not_kept(cache: Cache) -> None:
    studio = Studio(going=False)
    studio.fault = EngineFailed("planned")
    submit = stacked(studio, cache)
    listeners = [in_background(submit(utterance())) for _ in range(3)]
    studio.wait_for(lambda: bool(studio.renderings))
    studio.go.set()
    for listener in listeners:
        with pytest.raises(EngineFailed, match="planned"):
            listener.result(WAIT_SEC)
    studio.fault = None
    assert len(heard(submit(utterance()))[0]) == 2


def test_an_error_of_submit_is_raised_to_whoever_listens(cache: Cache) -> None:
    def submit(given: Utterance) -> Take:
        raise EngineFailed("planned")

    take = cached(submit, cache, lambda _: "1")(utterance())
    with pytest.raises(EngineFailed, match="planned"):
        list(take)


def test_jobs_of_different_policies_do_not_share_what_is_under_way(cache: Cache) -> None:
    studio = Studio(going=False)
    takes = [stacked(studio, cache, policy=policy)(utterance()) for policy in ("a", "b", "a")]
    assert len(studio.submitted) == 2
    studio.go.set()
    for take in takes:
        heard(take)
    assert heard(stacked(studio, cache, policy="c")(utterance()))[1].cached


def test_an_engine_that_changes_its_samples_afterwards_changes_nothing_kept(cache: Cache) -> None:
    buffer = np.zeros(10, np.float32)

    def submit_reusing(given: Utterance) -> Take:
        return LazyTake(Verdict(seed=7, engine="fake"), lambda _: [Clip(samples=buffer, sample_rate=RATE)])

    submit = cached(submit_reusing, cache, lambda _: "1")
    buffer[:] = 0.5
    first = heard(submit(utterance()))[0]
    buffer[:] = 0.7
    assert heard(submit(utterance()))[0] == first


def test_a_slow_tier_does_not_keep_the_job_and_what_it_lacks_is_submitted_unread(tmp_path: Path) -> None:
    store, studio = SlowStore(), Studio()
    with opened(store) as cache:
        submit = stacked(studio, cache)
        began = time.monotonic()
        takes = [submit(utterance(f"u{number}")) for number in range(4)]
        assert time.monotonic() - began < 1.0
        assert all(store.asked.acquire(timeout=WAIT_SEC) for _ in range(4))  # side by side
        assert studio.submitted == []
        store.answers.set()
        studio.wait_for(lambda: len(studio.submitted) == 4)
        assert not any(take.is_read for take in studio.takes)
        for take in takes:
            assert len(heard(take)[0]) == 2


def test_one_who_waits_for_a_slow_tier_wakes_when_cancelled_and_nothing_is_submitted() -> None:
    store, studio = SlowStore(), Studio()
    with opened(store) as cache:
        take = stacked(studio, cache)(utterance())
        listener = in_background(take)
        assert store.asked.acquire(timeout=WAIT_SEC)
        take.cancel()
        with pytest.raises(Cancelled):
            listener.result(WAIT_SEC)
        store.answers.set()
        cache._look_ups.shutdown(wait=True)
    assert studio.submitted == []


def folder(path: Path) -> Folder:
    return Folder(path, max_bytes=10**9, ttl_sec=1000, tally=Tally())


def test_a_worker_that_starts_after_a_crash_finds_what_the_other_had_rendered(tmp_path: Path) -> None:
    script = [utterance(f"u{number}", seed=number) for number in range(5)]
    studio = Studio()
    with opened(folder(tmp_path)) as before:
        first = [heard(stacked(studio, before)(each)) for each in script]
        before.settle(within_sec=WAIT_SEC)  # what follows is another process to the folder
        after_studio = Studio()
        with opened(folder(tmp_path)) as after:
            changed = [replace(each, text="changed") if number == 2 else each for number, each in enumerate(script)]
            again = [heard(stacked(after_studio, after)(each)) for each in changed]
            assert [given.text for given in after_studio.submitted] == ["changed"]
            assert [clips for clips, _ in again[:2]] == [clips for clips, _ in first[:2]]
            assert [verdict.cached for _, verdict in again] == [True, True, False, True, True]
            assert after.figures.by_tier["folder"]["hit"] == 4
            heard(stacked(after_studio, after)(script[0]))
            assert after.figures.by_tier["memory"]["hit"] == 1


def test_what_a_slower_tier_has_goes_to_the_faster_ones(tmp_path: Path) -> None:
    fast, slow = folder(tmp_path / "fast"), folder(tmp_path / "slow")
    with opened(slow) as cache:
        heard(stacked(Studio(), cache)(utterance()))
    with opened(fast, slow) as cache:
        assert heard(stacked(Studio(), cache)(utterance()))[1].cached
    with opened(fast) as cache:
        assert heard(stacked(Studio(), cache)(utterance()))[1].cached


def test_a_damaged_entry_is_rendered_anew_and_replaced(tmp_path: Path) -> None:
    with opened(folder(tmp_path)) as cache:
        first = heard(stacked(Studio(), cache)(utterance()))
    (path,) = (path for path in tmp_path.rglob("*") if path.is_file())
    path.write_bytes(path.read_bytes()[:-1])
    with opened(folder(tmp_path)) as cache:
        studio = Studio()
        assert heard(stacked(studio, cache)(utterance())) == first
        assert len(studio.submitted) == 1
        assert cache.figures.counts["corrupted"] == 1
    with opened(folder(tmp_path)) as cache:
        assert heard(stacked(Studio(), cache)(utterance()))[1].cached


def test_without_memory_or_tiers_those_under_way_are_still_shared() -> None:
    studio = Studio()
    with opened(memory_bytes=0) as cache:
        submit = stacked(studio, cache)
        takes = [submit(utterance()), submit(utterance())]
        assert heard(takes[0]) == heard(takes[1])
        heard(submit(utterance()))
    assert len(studio.submitted) == 2


def test_closed_it_ends_what_waits_to_be_written(tmp_path: Path) -> None:
    with opened(folder(tmp_path)) as cache:
        for number in range(20):
            heard(stacked(Studio(), cache)(utterance(seed=number)))
    assert sum(path.is_file() for path in tmp_path.rglob("*")) == 20


def test_a_take_that_was_heard_lets_go_of_its_audio(cache: Cache) -> None:
    submit = stacked(Studio(), cache)
    for _ in range(2):
        take = submit(utterance())
        list(take)
        held = vars(take)
        assert not held.get("_clips")
        assert held.get("_flight") is None


@pytest.mark.parametrize("name", ["espeak", "tone"])
def test_real_engines_say_the_same_from_the_cache(worker: Worker, tmp_path: Path, name: str) -> None:
    engine = worker.engines[name]
    given = utterance("Hello there, you two.", engine=name, voice=engine.voices[0])
    expected, verdict = heard(engine.submit(given))
    for _ in range(2):
        with opened(folder(tmp_path)) as cache:
            submit = cached(worker.engines.submit, cache, lambda name: worker.engines[name].revision)
            for _ in range(2):
                clips, again = heard(submit(given))
                assert clips == expected
                assert replace(again, cached=False) == verdict
    assert again.cached
