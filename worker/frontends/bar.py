"""The bar: how far a job is, on the last line of a terminal."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO

from worker.jobs.progress import Progress, ProgressReport

EVERY_SEC = 0.2
SHOWN_AFTER_SEC = 2.0
"""A job that takes no longer is shown by its result alone."""


@contextmanager
def bar(stream: TextIO) -> Iterator[Progress]:
    """The progress of a job, which is shown on `stream` for as long as this is open; where that is no terminal, not."""
    if not stream.isatty():
        yield Progress()
        return
    shown = _Bar(stream)
    try:
        yield Progress(shown.show, every_sec=EVERY_SEC, after_sec=SHOWN_AFTER_SEC)
    finally:
        shown.close()


class _Bar:
    """A line that is there from the first report on and is cleared in the end."""

    def __init__(self, stream: TextIO) -> None:
        from tqdm import tqdm  # type: ignore[import-untyped]  # it ships no types

        tqdm.monitor_interval = 0  # no thread of its own: reports come often enough
        self._tqdm = tqdm
        self._stream = stream
        self._line: tqdm | None = None

    def show(self, report: ProgressReport) -> None:
        done, words = report.done or 0.0, described(report)
        if self._line is None:
            self._line = self._tqdm(
                initial=done,
                total=1.0,
                desc=words,
                file=self._stream,
                bar_format="{desc}" if report.done is None else "{percentage:3.0f} %|{bar}| {desc}",
                leave=False,
                dynamic_ncols=True,
            )
        self._line.n = done
        self._line.set_description_str(words)

    def close(self) -> None:
        if self._line is not None:
            self._line.close()


def described(report: ProgressReport) -> str:
    """The report in words."""
    said = [f"{report.audio_sec:.1f} s of audio"]
    if report.speed is not None:
        said.append(f"{report.speed:.1f} x real time")
    if report.remaining_sec is not None:
        minutes, seconds = divmod(round(report.remaining_sec), 60)
        said.append(f"{minutes}:{seconds:02} left")
    if report.again:
        said.append("made again for another delivery")
    return ", ".join(said)
