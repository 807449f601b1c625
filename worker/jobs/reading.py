"""Reading: a book as utterances, made as they are asked for, any number of times."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from worker.engines.base import Utterance
from worker.jobs.book import Book
from worker.jobs.casting import Casting
from worker.jobs.script import Cutting, utterances
from worker.request import Priority
from worker.text.blocks import passages_by_block
from worker.text.lexicon import Lexicon
from worker.text.passages import Passage

CHAPTER_PAUSE_SEC = 1.5
"""Twice that of a paragraph and a little more: a new chapter is to be heard as one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """The utterances of a book, in order; their spans are the book's."""

    book: Book
    casting: Casting
    cutting: Cutting
    lexicon: Lexicon
    seed: int
    limit_chars: int
    """Characters that a chapter may have with what the lexicon says."""
    job: str
    """Id of the job that reads it."""
    priority: Priority

    @property
    def chars(self) -> int:
        """Characters of the book."""
        return sum(len(chapter.text) for chapter in self.book.chapters)

    def __iter__(self) -> Iterator[Utterance]:
        """From the first."""
        return utterances(self._passages(), self.casting, self.seed, job=self.job, priority=self.priority)

    def _passages(self) -> Iterator[Passage]:
        """Those of all chapters, with a pause between chapters."""
        held: Passage | None = None
        for index in range(len(self.book.chapters)):
            for place, passage in enumerate(self._of_chapter(index)):
                following = passage
                if held is not None:
                    if not place:
                        pause_sec = max(CHAPTER_PAUSE_SEC, held.pause_sec + passage.lead_sec)
                        held, following = replace(held, pause_sec=pause_sec), replace(passage, lead_sec=0.0)
                    yield held
                held = following
        if held is not None:
            yield held

    def _of_chapter(self, index: int) -> Iterator[Passage]:
        start = self.book.starts[index]
        rewriting = self.lexicon.rewrite(self.book.chapters[index].text, limit_chars=self.limit_chars)
        for passage in passages_by_block(
            rewriting.text,
            language=self.casting.direction.language,
            target_chars=self.cutting.target_chars,
            limit_chars=self.cutting.limit_chars,
            normalise=self.cutting.normalise,
        ):
            placed = rewriting.in_source(passage)
            yield replace(placed, start=placed.start + start, end=placed.end + start)
