"""A stream that is live sends the first utterance while it is made, and the rest of the reply is as of any other."""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import takewhile

import numpy as np
import pytest

from tests.conftest import fresh
from worker.audio.clip import Clip
from worker.cache.load import cache_of
from worker.engines.base import LazyTake, Take, Utterance, Verdict
from worker.engines.registry import Engines
from worker.engines.tone import ToneEngine
from worker.errors import Cancelled, EngineFailed
from worker.guards.check import Finding
from worker.jobs.context import Job, Worker
from worker.reply import ErrorReply, Reply, SpeechReply
from worker.service import Service
from worker.settings import Settings

TEXT = "One two three four five. Six seven eight nine ten, eleven, twelve."
FIRST = "One two three four five."
ASKED = {
    "text": TEXT,
    "engine": "tone",
    "stream": True,
    "response_format": "pcm",
    "seed": 5,
    "chunk_size": 50,
    "sample_rate": 16_000,
}
WIDTH = 2
"""Bytes of a sample."""
RATE = 16_000


class LiveTone(ToneEngine):
    """The tone engine, whose clips are of one word each; the third word of its first utterance waits for the test."""

    capabilities = replace(ToneEngine.capabilities, live=True)

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[Utterance] = []
        self.waits = threading.Event()
        self.waits.set()
        self.fails_after: int | None = None
        self.level: Callable[[int], float] = lambda _: 1.0

    def submit(self, utterance: Utterance) -> Take:
        self.asked.append(utterance)
        return LazyTake(Verdict(seed=utterance.seed, engine=self.name), partial(self._gated, utterance))

    def _gated(self, utterance: Utterance, cancelled: threading.Event) -> Iterator[Clip]:
        for number, clip in enumerate(self._words(utterance, cancelled)):
            if utterance.live and number == self.fails_after:
                raise EngineFailed("planned")
            assert number != 2 or utterance.index or self.waits.wait(5)
            yield replace(clip, samples=clip.samples * np.float32(self.level(number)))


@dataclass(frozen=True)
class Long:
    """A check that nothing passes."""

    name: str = "too_long"
    seen: list[Clip] = field(default_factory=list)

    def judge(self, utterance: Utterance, clip: Clip, verdict: Verdict) -> Finding | None:  # noqa: ARG002 - a check's
        self.seen.append(clip)
        return Finding(name=self.name, severity=0.5)


@dataclass(frozen=True, kw_only=True)
class Stage:
    engine: LiveTone
    worker: Worker

    def answers(self, **fields: object) -> Generator[bytes | Reply, None, None]:
        return Service(self.worker).stream(Job(id="x"), {**ASKED, **fields})

    def heard(self, **fields: object) -> tuple[np.ndarray, SpeechReply]:
        """The samples of a stream, and its reply."""
        *pieces, reply = self.answers(**fields)
        assert isinstance(reply, SpeechReply), reply
        return np.frombuffer(b"".join(piece for piece in pieces if isinstance(piece, bytes)), dtype="<i2"), reply

    @property
    def live(self) -> list[bool]:
        """Which of the utterances that were asked for are."""
        return [utterance.live for utterance in self.engine.asked]


@pytest.fixture
def stage(worker: Worker) -> Stage:
    engine = LiveTone()
    engines = Engines([engine, worker.engines["espeak"]])
    return Stage(engine=engine, worker=replace(fresh(worker), engines=engines))


def test_the_first_bytes_are_sent_before_the_first_utterance_is_complete(stage: Stage) -> None:
    stage.engine.waits.clear()
    with closing(stage.answers(live=True)) as answers:
        first = next(answers)
        assert isinstance(first, bytes)
        assert 0 < len(first) <= WIDTH * RATE * 0.06 * len("Onetwo")
        stage.engine.waits.set()
        *rest, reply = answers
    assert isinstance(reply, SpeechReply)
    samples = np.frombuffer(first + b"".join(takewhile(lambda each: isinstance(each, bytes), rest)), dtype="<i2")
    assert len(samples) / RATE == pytest.approx(reply.duration_sec, abs=1e-3)


def test_what_is_not_live_is_sent_when_it_is_complete(stage: Stage) -> None:
    stage.engine.waits.clear()
    with closing(stage.answers(live=False)) as answers:
        threading.Timer(0.1, stage.engine.waits.set).start()
        next(answers)
        assert stage.engine.waits.is_set()


@pytest.mark.parametrize(
    ("fields", "live"),
    [
        ({"live": True}, [True, False]),
        ({"priority": "interactive"}, [True, False]),
        ({"priority": "interactive", "live": False}, [False, False]),
        ({}, [False, False]),
        ({"live": True, "effects": {"pitch_semitones": 2}}, [False, False]),
        ({"live": True, "stream": False}, [False, False]),
        ({"live": True, "speed": 1.5}, [False, False]),
    ],
)
def test_only_the_first_utterance_is_live_and_only_where_that_is_wanted_and_can_be(
    fields: dict[str, object], live: list[bool], stage: Stage
) -> None:
    answers = list(stage.answers(**fields))
    assert isinstance(answers[-1], SpeechReply), answers[-1]
    assert stage.live == live


def test_an_engine_that_cannot_speaks_as_ever(worker: Worker) -> None:
    plain = list(Service(fresh(worker)).stream(Job(id="x"), {**ASKED, "live": True}))
    ordinary = list(Service(fresh(worker)).stream(Job(id="x"), ASKED))
    assert b"".join(plain[:-1]) == b"".join(ordinary[:-1])  # type: ignore[arg-type]  # bytes, but for the reply


def test_its_places_and_captions_are_where_it_is_heard(stage: Stage) -> None:
    text = "[pause:0.5s] One two three four five. [pause:1s] Six seven eight nine ten."
    samples, reply = stage.heard(text=text, live=True, captions="json")
    assert stage.live == [True, False]
    first, second = reply.utterances
    assert first.start_sec == 0.5
    assert first.end_sec == pytest.approx(0.5 + 0.06 * len("Onetwothreefourfive."), abs=1e-4)
    assert second.start_sec == pytest.approx(first.end_sec + 1.0, abs=0.2)
    loud = np.abs(samples.astype(float)) > 60
    assert not loud[: round(first.start_sec * RATE)].any()
    assert loud[round(first.start_sec * RATE) :][:400].any()
    assert not loud[round(first.end_sec * RATE) + 10 : round(second.start_sec * RATE) - 10].any()
    _, ordinary = stage.heard(text=text, live=False, captions="json")
    assert [each.start_sec for each in ordinary.utterances[:1]] == [first.start_sec]
    assert reply.captions is not None


def test_words_are_where_they_are_heard_though_clips_were_cut_in_other_places(stage: Stage) -> None:
    stage.engine.level = lambda number: 1.0 if number != 3 else 0.05  # the fourth word is told from the others
    samples, reply = stage.heard(text=FIRST, live=True, captions="vtt")
    begins = 0.06 * len("Onetwothree") * RATE
    ends = begins + 0.06 * len("four") * RATE
    level = np.abs(samples[: len(samples)].astype(float))
    inside, before = level[round(begins) + 200 : round(ends) - 200], level[round(begins) - 2000 : round(begins) - 200]
    assert inside.max() < 0.2 * before.max()
    assert reply.captions is not None
    assert "00:00:00.000 -->" in reply.captions


def test_all_of_it_is_as_loud_as_its_first_stretch_was_made(stage: Stage) -> None:
    stage.engine.level = lambda number: 0.1 if number == 0 else 0.2
    samples, _ = stage.heard(text=FIRST, live=True)
    level = np.abs(samples.astype(float)) / 32768
    word = round(0.06 * RATE * len("One"))
    first, second = level[200 : word - 600].max(), level[word + 600 : 2 * word - 200].max()
    assert second / first == pytest.approx(2, rel=0.03)
    assert first > 0.06  # it was made louder: 0.3 · 0.1 as it was made


def test_what_the_guards_find_is_told_and_nothing_is_made_again(stage: Stage) -> None:
    check = Long()
    guarded = replace(stage.worker, checks=(check,))
    *_, reply = Service(guarded).stream(Job(id="x"), {**ASKED, "text": FIRST, "live": True})
    assert isinstance(reply, SpeechReply)
    (utterance,) = reply.utterances
    assert (utterance.verdict, utterance.failed, utterance.attempts) == ("failed_checks", ("too_long",), 1)
    assert len(stage.engine.asked) == 1
    (clip,) = check.seen
    assert clip.duration_sec == pytest.approx(0.06 * len("Onetwothreefourfive."))


def test_nothing_that_was_live_is_kept_but_what_was_made_whole_is_found(stage: Stage) -> None:
    settings = Settings(cache_mb=8, guards=False)
    with closing(cache_of(settings, None)) as cache:
        cached = replace(stage, worker=replace(stage.worker, cache=cache))
        cached.heard(text=FIRST, live=True)
        cached.heard(text=FIRST, live=True)
        assert cached.live == [True, True]
        _, whole = cached.heard(text=FIRST, live=False)
        assert cached.live == [True, True, False]
        assert whole.metrics.cache_hits == 0
        _, again = cached.heard(text=FIRST, live=True)
        assert cached.live == [True, True, False]
        assert again.metrics.cache_hits == 1


def test_one_that_fails_before_its_first_clip_is_made_whole(stage: Stage) -> None:
    stage.engine.fails_after = 0
    samples, _ = stage.heard(text=FIRST, live=True)
    assert stage.live == [True, False]
    expected, _ = stage.heard(text=FIRST, live=False)
    assert len(samples) == len(expected)
    assert np.corrcoef(samples, expected)[0, 1] > 0.999  # the same but for how loud it is made


def test_one_that_fails_later_ends_the_stream_with_the_error(stage: Stage) -> None:
    stage.engine.fails_after = 2
    *pieces, reply = stage.answers(live=True)
    assert isinstance(reply, ErrorReply)
    assert reply.error.code == "engine_failed"
    assert pieces


def test_a_stream_closed_early_cancels_it(stage: Stage) -> None:
    stage.engine.waits.clear()
    job = Job(id="x")
    answers = Service(stage.worker).stream(job, {**ASKED, "live": True})
    next(answers)
    answers.close()
    with pytest.raises(Cancelled):
        job.cancellation.stop_if_cancelled()
    stage.engine.waits.set()


@pytest.mark.parametrize(
    "fields",
    [
        {"speed": 1.5},
        {"stream": False},
        {"engine": "espeak"},
        {"type": "long_text"},
        {"type": "dialogue", "text": None, "segments": [{"text": "One."}, {"text": "Two."}]},
    ],
)
def test_who_asks_for_it_where_it_cannot_be_is_told_and_a_strict_request_is_refused(
    fields: dict[str, object], stage: Stage
) -> None:
    given = {name: value for name, value in {**ASKED, "live": True, **fields}.items() if value is not None}
    service = Service(stage.worker)
    *_, reply = service.stream(Job(id="x"), given)
    assert not isinstance(reply, bytes | ErrorReply), reply
    assert sum("'live' was not honoured" in warning for warning in reply.warnings) == 1  # type: ignore[union-attr]  # each has them
    *_, refusal = service.stream(Job(id="x"), {**given, "strict": True})
    assert isinstance(refusal, ErrorReply)
    assert (refusal.error.code, refusal.error.field in ("live", "stream")) == ("unsupported_parameter", True)


def test_who_is_in_haste_and_did_not_ask_for_it_is_not_told(stage: Stage) -> None:
    _, reply = stage.heard(priority="interactive", speed=1.5)
    assert not any("'live'" in warning for warning in reply.warnings)
