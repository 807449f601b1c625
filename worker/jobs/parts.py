"""Parts: where one file of a long text ends and the next begins."""

from __future__ import annotations

from collections.abc import Callable

from worker.jobs.book import Book
from worker.jobs.speech import Rendered
from worker.request import EveryMinutes, LongTextRequest

SECONDS_PER_MINUTE = 60.0


def splitter(request: LongTextRequest, book: Book) -> Callable[[Rendered], int]:
    """Says of each utterance, shown in order, which part it belongs to, from 1."""
    if isinstance(request.split, EveryMinutes):
        return _ByLength(request.split.every_min * SECONDS_PER_MINUTE)
    return _ByChapter(book) if request.split == "chapter" else _one_part


def _one_part(spoken: Rendered) -> int:  # noqa: ARG001 - all are in it
    return 1


class _ByChapter:
    def __init__(self, book: Book) -> None:
        self._book = book
        self._chapter: int | None = None
        self._part = 0

    def __call__(self, spoken: Rendered) -> int:
        """Parts are numbered without gaps, though a chapter of which nothing can be said has none."""
        chapter = self._book.chapter_at(spoken.utterance.start)
        if chapter != self._chapter:
            self._chapter = chapter
            self._part += 1
        return self._part


class _ByLength:
    def __init__(self, limit_sec: float) -> None:
        self._limit_sec = limit_sec
        self._length_sec = 0.0
        self._part = 1
        self._may_end = False
        """Whether there is silence behind what was shown last."""

    def __call__(self, spoken: Rendered) -> int:
        """A part is no longer than the limit, unless it has one utterance, or none of its last has a pause after it."""
        if self._may_end and self._length_sec + spoken.duration_sec > self._limit_sec:
            self._part += 1
            self._length_sec = 0.0
        self._length_sec += spoken.duration_sec
        self._may_end = spoken.utterance.pause_sec > 0
        return self._part
