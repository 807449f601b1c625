"""The bar on a terminal, which is a real one here: the other end of a pseudo terminal is read."""

from __future__ import annotations

import fcntl
import io
import os
import pty
import struct
import termios
from collections.abc import Callable
from contextlib import suppress
from typing import TextIO

import pytest

from worker.frontends import bar as bar_module
from worker.frontends.bar import bar, described
from worker.jobs.progress import Progress, ProgressReport

COLUMNS = 100


def seen(work: Callable[[TextIO], None]) -> str:
    """What a terminal of so many columns was sent."""
    near, far = pty.openpty()
    fcntl.ioctl(far, termios.TIOCSWINSZ, struct.pack("HHHH", 40, COLUMNS, 0, 0))
    with open(far, "w", encoding="utf-8") as terminal:  # noqa: PTH123 - it has no path of its own
        work(terminal)
    sent = b""
    try:
        while chunk := os.read(near, 65_536):
            sent += chunk
    except OSError:  # how Linux says that the other end is closed
        pass
    finally:
        os.close(near)
    return sent.decode()


def speak(progress: Progress, *, total_chars: int | None = 100) -> None:
    progress.begin(total_chars)
    for _ in range(4):
        progress.spoken(25, 90.0)
    progress.end()


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bar_module, "SHOWN_AFTER_SEC", 0.0)
    monkeypatch.setattr(bar_module, "EVERY_SEC", 0.0)


@pytest.mark.usefixtures("at_once")
def test_a_job_is_shown_as_it_proceeds_within_one_line_that_is_cleared_in_the_end() -> None:
    def work(terminal: TextIO) -> None:
        with bar(terminal) as progress:
            speak(progress)

    shown = seen(work)
    for part in (" 25 %", " 50 %", "100 %", "90.0 s of audio", "360.0 s of audio", "x real time", "0:00 left"):
        assert part in shown
    assert "\n" not in shown
    lines = shown.split("\r")
    assert max(map(len, lines)) <= COLUMNS
    assert (lines[-2].strip(), lines[-1]) == ("", "")


@pytest.mark.usefixtures("at_once")
def test_a_text_of_unknown_length_has_figures_and_no_bar() -> None:
    def work(terminal: TextIO) -> None:
        with bar(terminal) as progress:
            progress.begin(None)
            progress.spoken(25, 90.0)

    shown = seen(work)
    assert "90.0 s of audio" in shown
    assert "%" not in shown


def test_a_job_that_takes_no_longer_than_two_seconds_is_not_shown() -> None:
    def work(terminal: TextIO) -> None:
        with bar(terminal) as progress:
            speak(progress)

    assert seen(work) == ""


@pytest.mark.usefixtures("at_once")
def test_where_there_is_no_terminal_nothing_is_written() -> None:
    stream = io.StringIO()
    with bar(stream) as progress:
        speak(progress)
    assert stream.getvalue() == ""


@pytest.mark.usefixtures("at_once")
def test_the_line_is_cleared_although_the_job_ends_with_an_error() -> None:
    def work(terminal: TextIO) -> None:
        with suppress(KeyboardInterrupt), bar(terminal) as progress:
            speak(progress)
            raise KeyboardInterrupt

    assert seen(work).split("\r")[-2].strip() == ""


def test_a_report_is_put_in_words() -> None:
    report = ProgressReport(
        done=0.5, audio_sec=12.34, elapsed_sec=9.0, speed=1.53, remaining_sec=125.4, utterances=3, again=True
    )
    assert described(report) == "12.3 s of audio, 1.5 x real time, 2:05 left, made again for another delivery"
