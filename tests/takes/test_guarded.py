"""Guards on the way of an utterance: what is tried again, what is kept, what the verdict says."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import pytest

from tests.guards.faults import FaultyEngine, clipping, cut_in_the_middle, not_a_number, nothing
from tests.guards.speaking import saying
from worker.audio.clip import Clip
from worker.engines.base import Engine, Rejected, Submit, Take, Utterance, Verdict
from worker.errors import Cancelled, EngineFailed, EnginePoisoned, OutOfMemory, UnreadableText, WorkerError
from worker.guards.check import Finding
from worker.guards.usual import usual_checks
from worker.jobs.context import Worker
from worker.takes.guarded import guarded, retry_seed
from worker.takes.watched import watched

RATE = 100
SPOKEN = saying("The train left the station at seven and nobody noticed that the door was open.", "en", variant="f3")
"""By a breathy variant, which is another each time the seed is."""


@dataclass(frozen=True)
class Scripted:
    """What one attempt gives: a clip at `value`, or an error."""

    value: float = 0.0
    frames: int = 10
    error: WorkerError | None = None


@dataclass
class ScriptedEngine:
    """Gives its answers in turn; a clip's value is its severity to `Loudness`."""

    answers: Sequence[Scripted]
    seeds: list[int] = field(default_factory=list)
    before_answer: Callable[[int], None] = lambda _number: None

    def submit(self, utterance: Utterance) -> Take:
        self.seeds.append(utterance.seed)
        return ScriptedTake(self, len(self.seeds) - 1, Verdict(seed=utterance.seed, engine="scripted"))


@dataclass
class ScriptedTake:
    engine: ScriptedEngine
    number: int
    verdict: Verdict
    cancelled: bool = False

    def __iter__(self) -> Iterator[Clip]:
        self.engine.before_answer(self.number)
        if self.cancelled:
            raise Cancelled("cancelled")
        answer = self.engine.answers[self.number]
        if answer.error is not None:
            raise answer.error
        if answer.frames:
            half = Clip(samples=np.full(answer.frames // 2, answer.value, np.float32), sample_rate=RATE)
            yield from (half, half)

    def cancel(self) -> None:
        self.cancelled = True


@dataclass(frozen=True)
class Loudness:
    """Finds fault with whatever is not zero."""

    name: str = "loudness"

    def judge(self, utterance: Utterance, clip: Clip, verdict: Verdict) -> Finding | None:  # noqa: ARG002 - the sound alone
        loudest = float(clip.samples.max())
        return Finding(name=self.name, severity=loudest, fatal=loudest == 1.0) if loudest else None


def heard(submit: Submit) -> tuple[list[Clip], Verdict]:
    take = submit(SPOKEN)
    return list(take), take.verdict


def answers(*given: float | WorkerError) -> ScriptedEngine:
    return ScriptedEngine(
        [Scripted(error=each) if isinstance(each, WorkerError) else Scripted(value=each) for each in given]
    )


def test_what_passes_at_once_is_heard_once_and_clip_by_clip() -> None:
    engine = answers(0.0)
    clips, verdict = heard(guarded(engine.submit, [Loudness()], retries=3))
    assert len(clips) == 2
    assert verdict == Verdict(seed=SPOKEN.seed, engine="scripted")


def test_the_first_rendering_that_passes_is_kept_and_the_others_are_in_the_verdict() -> None:
    engine = answers(0.5, EngineFailed("planned"), 0.0)
    clips, verdict = heard(guarded(engine.submit, [Loudness()], retries=5))
    assert [clip.samples.max() for clip in clips] == [0.0, 0.0]
    seeds = [SPOKEN.seed, retry_seed(SPOKEN.seed, 1), retry_seed(SPOKEN.seed, 2)]
    assert engine.seeds == seeds
    assert len(set(seeds)) == 3
    assert verdict == Verdict(
        seed=seeds[2],
        engine="scripted",
        attempts=3,
        rejected=(
            Rejected(seed=seeds[0], engine="scripted", failed=("loudness",)),
            Rejected(seed=seeds[1], engine="espeak", failed=("engine_failed",)),
        ),
    )


def test_where_none_passes_the_least_bad_is_kept_and_says_what_it_fails() -> None:
    engine = answers(0.5, 0.25, 0.75)
    clips, verdict = heard(guarded(engine.submit, [Loudness()], retries=2))
    assert clips[0].samples[0] == 0.25
    assert verdict.seed == engine.seeds[1]
    assert verdict.failed == ("loudness",)
    assert [rejected.seed for rejected in verdict.rejected] == [engine.seeds[0], engine.seeds[2]]


def test_of_equals_the_first_is_kept_or_the_shortest() -> None:
    lengths = [Scripted(value=0.5, frames=frames) for frames in (8, 6, 10)]
    first, _ = heard(guarded(ScriptedEngine(lengths).submit, [Loudness()], retries=2))
    shortest, _ = heard(guarded(ScriptedEngine(lengths).submit, [Loudness()], retries=2, prefer="shortest"))
    assert [len(clips[0].samples) for clips in (first, shortest)] == [4, 3]


def test_an_engine_that_gives_the_same_samples_again_is_not_asked_a_third_time() -> None:
    engine = answers(0.5, 0.5, 0.0)
    _, verdict = heard(guarded(engine.submit, [Loudness()], retries=9))
    assert len(engine.seeds) == 2
    assert (verdict.attempts, verdict.failed) == (2, ("loudness",))


def test_without_a_budget_nothing_is_tried_again() -> None:
    engine = answers(0.5, 0.0)
    _, verdict = heard(guarded(engine.submit, [Loudness()], retries=0))
    assert (len(engine.seeds), verdict.failed) == (1, ("loudness",))


def test_what_may_not_be_kept_fails_by_the_name_of_the_check() -> None:
    with pytest.raises(EngineFailed, match="loudness"):
        heard(guarded(answers(0.5, 0.25).submit, [Loudness()], retries=1, on_failure="fail"))


def test_what_must_not_be_heard_is_never_kept() -> None:
    with pytest.raises(EngineFailed, match="loudness"):
        heard(guarded(answers(1.0, 1.0).submit, [Loudness()], retries=1))
    clips, _ = heard(guarded(answers(1.0, 0.75).submit, [Loudness()], retries=1))
    assert clips[0].samples[0] == 0.75


def test_an_engine_that_fails_to_the_end_is_an_error_and_one_rendering_before_it_is_not() -> None:
    with pytest.raises(EngineFailed, match="second"):
        heard(guarded(answers(EngineFailed("first"), EngineFailed("second")).submit, [Loudness()], retries=1))
    _, verdict = heard(guarded(answers(0.5, EngineFailed("second")).submit, [Loudness()], retries=1))
    assert (verdict.failed, verdict.rejected[0].failed) == (("loudness",), ("engine_failed",))


def test_a_take_without_a_clip_is_tried_again() -> None:
    engine = ScriptedEngine([Scripted(frames=0), Scripted()])
    _, verdict = heard(guarded(engine.submit, [Loudness()], retries=1))
    assert verdict.attempts == 2


@pytest.mark.parametrize("error", [EnginePoisoned("x"), OutOfMemory("x"), Cancelled("x"), UnreadableText("x")])
def test_what_no_other_seed_would_mend_passes_at_once(error: WorkerError) -> None:
    engine = answers(error, 0.0)
    with pytest.raises(type(error)):
        heard(guarded(engine.submit, [Loudness()], retries=5))
    assert len(engine.seeds) == 1


def test_a_retry_that_has_nothing_to_say_leaves_what_was_heard_before() -> None:
    engine = answers(0.5, UnreadableText("x"), 0.0)
    _, verdict = heard(guarded(engine.submit, [Loudness()], retries=5))
    assert (verdict.attempts, verdict.failed, len(engine.seeds)) == (2, ("loudness",), 2)


def test_attempts_that_the_engine_made_itself_count_too() -> None:
    engine = answers(0.5, 0.0)

    def submit(utterance: Utterance) -> Take:
        take = engine.submit(utterance)
        assert isinstance(take, ScriptedTake)
        take.verdict = replace(take.verdict, attempts=2)
        return take

    assert heard(guarded(submit, [Loudness()], retries=1))[1].attempts == 4


def test_the_first_attempt_is_under_way_before_it_is_read_and_no_other() -> None:
    engine = answers(0.5, 0.0)
    guarded(engine.submit, [Loudness()], retries=5)(SPOKEN)
    assert len(engine.seeds) == 1


@pytest.mark.parametrize("number", [0, 1, 2])
def test_cancelled_from_another_thread_it_ends_with_the_attempt_under_way(number: int) -> None:
    engine = answers(0.5, 0.25, 0.75, 0.0)
    take = guarded(engine.submit, [Loudness()], retries=5)(SPOKEN)

    def cancel_it(under_way: int) -> None:
        if under_way == number:
            canceller = threading.Thread(target=take.cancel)
            canceller.start()
            canceller.join()

    engine.before_answer = cancel_it
    with pytest.raises(Cancelled):
        list(take)
    assert len(engine.seeds) == number + 1


def test_cancelled_while_the_next_attempt_is_submitted_it_cancels_that_one() -> None:
    engine = answers(0.5, 0.0)
    takes: list[Take] = []

    def submit(utterance: Utterance) -> Take:
        if takes:
            guarded_take.cancel()
        takes.append(engine.submit(utterance))
        return takes[-1]

    guarded_take = guarded(submit, [Loudness()], retries=5)(SPOKEN)
    with pytest.raises(Cancelled):
        list(guarded_take)
    assert len(takes) == 2


def test_watched_clips_pass_as_they_come_and_the_verdict_follows() -> None:
    engine = answers(0.5, 0.0)
    take = watched(engine.submit, [Loudness()])(SPOKEN)
    clips = iter(take)
    next(clips)
    assert take.verdict.failed == ()
    next(clips)
    assert list(clips) == []
    assert take.verdict.failed == ("loudness",)
    assert len(engine.seeds) == 1


@pytest.fixture(scope="module")
def espeak(worker: Worker) -> Engine:
    return worker.engines["espeak"]


@pytest.mark.parametrize("fault", [cut_in_the_middle, clipping, not_a_number, nothing])
def test_real_speech_with_a_fault_is_made_again_until_it_has_none(espeak: Engine, fault: object) -> None:
    engine = FaultyEngine(submit_whole=espeak.submit, fault=fault, times=2)  # type: ignore[arg-type]
    take = guarded(engine.submit, usual_checks(), retries=3)(SPOKEN)
    samples = np.concatenate([clip.samples for clip in take])
    seed = retry_seed(SPOKEN.seed, 2)
    alone = np.concatenate([clip.samples for clip in espeak.submit(replace(SPOKEN, seed=seed))])
    assert np.array_equal(samples, alone)
    assert (take.verdict.seed, take.verdict.attempts, take.verdict.failed) == (seed, 3, ())
    assert len(take.verdict.rejected) == 2
