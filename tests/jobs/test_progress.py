"""How far a job is: counted, estimated, told now and then, and never backwards."""

from __future__ import annotations

import inspect
import threading
from collections.abc import Generator
from dataclasses import dataclass
from itertools import accumulate

import pytest

from tests.conftest import fresh
from voice_library.voice import Voice
from worker.engines.base import Utterance
from worker.jobs.context import Job, Worker
from worker.jobs.progress import Progress, ProgressReport, reported, total_chars
from worker.reply import SpeechReply
from worker.service import Service


class Clock:
    def __init__(self) -> None:
        self.now_sec = 1000.0

    def __call__(self) -> float:
        return self.now_sec


@pytest.fixture
def clock() -> Clock:
    return Clock()


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    utterance: Utterance
    duration_sec: float
    ends: bool = True


def pieces(*lengths: tuple[int, float]) -> list[Piece]:
    """Utterances of so many characters and seconds each."""
    voice = Voice(id="v", names=("V",), language="en", gender="neutral")
    ends = list(accumulate(chars for chars, _ in lengths))
    return [
        Piece(
            utterance=Utterance(
                index=index, text="…", start=end - chars, end=end, engine="e", voice=voice, language="en"
            ),
            duration_sec=duration_sec,
        )
        for index, ((chars, duration_sec), end) in enumerate(zip(lengths, ends, strict=True))
    ]


def spoken(clock: Clock, made: list[Piece], *, by_sec: float) -> Generator[Piece, None, None]:
    """The pieces, each of which takes its time."""
    for piece in made:
        clock.now_sec += by_sec
        yield piece


def test_before_anything_is_begun_nothing_is_known(clock: Clock) -> None:
    nothing = ProgressReport(
        done=None, audio_sec=0.0, elapsed_sec=0.0, speed=None, remaining_sec=None, utterances=0, again=False
    )
    assert Progress(clock=clock).report() == nothing


def test_share_speed_and_the_time_that_remains_follow_from_what_was_spoken(clock: Clock) -> None:
    progress = Progress(clock=clock)
    progress.begin(400)
    clock.now_sec += 10
    progress.spoken(100, 25.0)
    report = progress.report()
    assert (report.done, report.audio_sec, report.elapsed_sec, report.speed) == (0.25, 25.0, 10.0, 2.5)
    assert (report.remaining_sec, report.utterances) == (30.0, 1)


def test_of_a_text_of_unknown_length_there_is_neither_share_nor_remaining_time(clock: Clock) -> None:
    progress = Progress(clock=clock)
    progress.begin(None)
    clock.now_sec += 10
    progress.spoken(100, 25.0)
    report = progress.report()
    assert (report.done, report.remaining_sec, report.speed) == (None, None, 2.5)
    progress.end()
    assert (progress.report().done, progress.report().remaining_sec) == (1.0, 0.0)


def test_what_was_there_before_counts_for_the_share_and_not_for_the_speed(clock: Clock) -> None:
    progress = Progress(clock=clock)
    progress.begin(1000, already_chars=800)
    assert progress.report().done == 0.8
    clock.now_sec += 10
    progress.spoken(100, 20.0)
    report = progress.report()
    assert (report.done, report.remaining_sec, report.speed) == (0.9, 10.0, 2.0)


def test_more_characters_than_were_announced_are_no_more_than_all(clock: Clock) -> None:
    progress = Progress(clock=clock)
    progress.begin(100)
    clock.now_sec += 1
    progress.spoken(150, 5.0)
    assert (progress.report().done, progress.report().remaining_sec) == (1.0, 0.0)


def test_a_listener_hears_every_so_many_seconds_and_of_the_end(clock: Clock) -> None:
    heard: list[tuple[float, float | None]] = []
    progress = Progress(lambda report: heard.append((report.elapsed_sec, report.done)), every_sec=5, clock=clock)
    progress.begin(20)
    for _ in range(20):
        clock.now_sec += 1
        progress.spoken(1, 1.0)
    clock.now_sec += 1
    progress.end()
    assert heard == [(5, 0.25), (10, 0.5), (15, 0.75), (20, 1.0), (21, 1.0)]


def test_a_job_that_ends_before_the_first_report_is_due_has_none_at_all(clock: Clock) -> None:
    heard: list[ProgressReport] = []
    progress = Progress(heard.append, every_sec=1, after_sec=5, clock=clock)
    clock.now_sec += 100  # it may have waited, which is not work
    list(reported(spoken(clock, pieces((10, 1.0)), by_sec=4.9), progress, total=10))
    assert heard == []


def test_a_recording_made_anew_says_so_and_no_figure_falls(clock: Clock) -> None:
    heard: list[ProgressReport] = []
    progress = Progress(heard.append, every_sec=1, clock=clock)
    made = pieces((10, 4.0), (10, 4.0), (10, 4.0), (10, 4.0))
    first = reported(spoken(clock, made, by_sec=1), progress, total=40)
    for _ in range(3):
        next(first)
    list(reported(spoken(clock, made, by_sec=2), progress, total=40))
    assert [report.done for report in heard] == [0.25, 0.5, 0.75, 0.75, 0.75, 0.75, 1.0, 1.0]
    assert [report.again for report in heard] == [False] * 3 + [True] * 5
    for figure in ("audio_sec", "elapsed_sec", "utterances"):
        figures = [getattr(report, figure) for report in heard]
        assert figures == sorted(figures)
    assert [report.remaining_sec for report in heard] == [3, 2, 1, 6, 4, 2, 0, 0]
    assert heard[3].speed == 2.0


def test_the_parts_of_a_recording_are_no_recordings_of_their_own(clock: Clock) -> None:
    progress = Progress(clock=clock)
    progress.begin(60, in_parts=True)
    shares = []
    for part in (pieces((10, 1.0), (10, 1.0)), pieces((30, 1.0)), pieces((10, 1.0))):
        list(reported(spoken(clock, part, by_sec=1), progress, total=total_chars([piece.utterance for piece in part])))
        shares.append(progress.report().done)
    assert shares == [pytest.approx(2 / 6), pytest.approx(5 / 6), 1.0]
    assert not progress.report().again


def test_a_listener_that_raises_is_heard_of_in_the_log_and_called_no_more(
    clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    calls: list[ProgressReport] = []

    def fails(report: ProgressReport) -> None:
        calls.append(report)
        raise BrokenPipeError

    progress = Progress(fails, every_sec=1, clock=clock)
    assert len(list(reported(spoken(clock, pieces((10, 1.0), (10, 1.0)), by_sec=5), progress, total=20))) == 2
    assert len(calls) == 1
    assert [record.levelname for record in caplog.records] == ["ERROR"]


def test_pieces_come_through_as_they_are_and_each_is_counted_when_it_is_read(clock: Clock) -> None:
    progress = Progress(clock=clock)
    made = pieces((30, 2.0), (70, 4.0))
    passed = reported(spoken(clock, made, by_sec=1), progress, total=100)
    assert next(passed) is made[0]
    assert (progress.report().done, progress.report().audio_sec) == (0.3, 2.0)
    assert list(passed) == made[1:]
    assert (progress.report().done, progress.report().audio_sec) == (1.0, 6.0)


def test_closing_what_is_reported_closes_what_it_reads(clock: Clock) -> None:
    source = spoken(clock, pieces((30, 2.0), (70, 4.0)), by_sec=1)
    passed = reported(source, Progress(clock=clock), total=100)
    next(passed)
    passed.close()
    assert inspect.getgeneratorstate(source) == inspect.GEN_CLOSED


def test_the_total_is_known_of_utterances_that_are_there_or_say_so_themselves() -> None:
    there = [piece.utterance for piece in pieces((30, 1.0), (0, 1.0), (7, 1.0))]  # one says a recording again

    class Book(list[Utterance]):
        chars = 500

    assert total_chars(there) == 38
    assert total_chars(iter(there)) is None
    assert total_chars(Book()) == 500


def test_threads_lose_no_count() -> None:
    progress = Progress(lambda _report: None, every_sec=0)
    progress.begin(40_000)
    threads = [threading.Thread(target=lambda: [progress.spoken(1, 1.0) for _ in range(10_000)]) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (progress.report().utterances, progress.report().done) == (40_000, 1.0)


def test_a_job_counts_what_it_speaks(worker: Worker) -> None:
    heard: list[ProgressReport] = []
    text = "One sentence after another. " * 12
    job = Job(id="x", progress=Progress(heard.append, every_sec=0))
    reply = Service(fresh(worker)).run(job, {"text": text, "chunk_size": 50, "speed": 2, "engine": "espeak"})
    assert isinstance(reply, SpeechReply)
    assert len(heard) == len(reply.utterances) + 1
    shares = [report.done or 0.0 for report in heard]
    assert shares == sorted(shares)
    assert 0 < shares[0] < 0.5
    assert (heard[-1].done, heard[-1].utterances, heard[-1].again) == (1.0, len(reply.utterances), False)
    assert heard[-1].audio_sec == pytest.approx(reply.duration_sec, abs=0.01)


def test_a_recording_that_could_not_be_delivered_as_it_was_is_made_again(worker: Worker) -> None:
    heard: list[ProgressReport] = []
    given = {
        "text": "A sentence that is said again and again. " * 120,
        "response_format": "wav",
        "sample_rate": 48_000,
        "engine": "tone",
        "allow_downgrade": True,
    }
    reply = Service(fresh(worker)).run(Job(id="x", progress=Progress(heard.append, every_sec=0)), given)
    assert isinstance(reply, SpeechReply)
    assert reply.format == "mp3"
    again = [report.again for report in heard]
    assert again == sorted(again)
    assert set(again) == {False, True}
    shares = [report.done or 0.0 for report in heard]
    assert shares == sorted(shares)
