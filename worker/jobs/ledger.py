"""The ledger: what is kept of a long text while it is made, which does not grow with its utterances."""

from __future__ import annotations

from dataclasses import dataclass, field

from worker.audio.chapters import Mark
from worker.jobs.book import Book
from worker.jobs.manifest import Manifest
from worker.jobs.report import utterance_reply
from worker.jobs.speech import Placed, Totals
from worker.reply import ChapterReply, PartReply, UtteranceReply
from worker.text.caption_file import CaptionFile
from worker.text.captions import Cue

MOST_FLAGGED = 100
"""Utterances that the reply tells of one by one, where not all went well."""


@dataclass(slots=True)
class Ledger:
    """All parts so far."""

    totals: Totals = field(default_factory=Totals)
    chapters: list[ChapterReply] = field(default_factory=list)
    parts: list[PartReply] = field(default_factory=list)
    flagged: list[UtteranceReply] = field(default_factory=list)
    flagged_count: int = 0
    warnings: list[str] = field(default_factory=list)

    def flag(self, utterance: UtteranceReply) -> None:
        """Keeps an utterance whose verdict is not "ok", while there is room."""
        self.flagged_count += 1
        if len(self.flagged) < MOST_FLAGGED:
            self.flagged.append(utterance)

    def add(self, log: PartLog, part: PartReply) -> None:
        """Keeps what is known of a part that has been delivered."""
        self.totals.add(log.totals)
        self.chapters += log.chapters
        self.parts.append(part)


class PartLog:
    """Listens to one part, and passes on what it hears to the files beside it."""

    def __init__(
        self, number: int, book: Book, ledger: Ledger, manifest: Manifest, captions: CaptionFile | None
    ) -> None:
        self.totals = Totals()
        self.chapters: list[ChapterReply] = []
        """What of each chapter is heard in this part."""
        self._number = number
        self._book = book
        self._ledger = ledger
        self._manifest = manifest
        self._captions = captions

    @property
    def marks(self) -> list[Mark]:
        """The chapters, for players."""
        return [
            Mark(title=mark_title(chapter.title, chapter.number), start_sec=chapter.start_sec, end_sec=chapter.end_sec)
            for chapter in self.chapters
        ]

    def note(self, placed: Placed) -> None:
        """Writes it down and lets it go."""
        self.totals.count(placed.verdict)
        chapter = self._book.chapter_at(placed.utterance.start)
        self._extend(chapter, placed)
        told = utterance_reply(placed, part=self._number)
        self._manifest.add(told, chapter=chapter + 1, cached=placed.verdict.cached)
        if told.verdict != "ok":
            self._ledger.flag(told)
        if self._captions:
            text = self._book.written(placed.utterance.start, placed.utterance.end)
            self._captions.add(Cue(start_sec=placed.start_sec, end_sec=placed.end_sec, text=text, words=placed.words))

    def _extend(self, chapter: int, placed: Placed) -> None:
        end_sec = round(placed.end_sec, 3)
        if self.chapters and self.chapters[-1].number == chapter + 1:
            self.chapters[-1] = self.chapters[-1].model_copy(update={"end_sec": end_sec})
            return
        begun = ChapterReply(
            number=chapter + 1,
            title=self._book.chapters[chapter].title,
            part=self._number,
            start_sec=round(placed.start_sec, 3),
            end_sec=end_sec,
        )
        self.chapters.append(begun)


def mark_title(title: str | None, number: int) -> str:
    """What a mark says: the chapter's title, else its number."""
    return title or str(number)
