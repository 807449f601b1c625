"""An edition: one making of a long text, all of whose files leave by one outlet, each as soon as it is finished."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from contextlib import ExitStack, closing
from itertools import chain, groupby

from worker.audio.chapters import MOST_MARKS, Behind, Mark, MarkedFile, cue_sheet, id3_chapters
from worker.audio.encode import encode_file
from worker.delivery.inline import inline_size
from worker.delivery.sink import Sink
from worker.errors import PayloadTooLarge, WorkerError
from worker.jobs.book import Book
from worker.jobs.context import Job, Worker
from worker.jobs.ledger import MOST_FLAGGED, Ledger, PartLog, mark_title
from worker.jobs.manifest import Manifest
from worker.jobs.outlet import Outlet
from worker.jobs.parts import splitter
from worker.jobs.plan import Plan
from worker.jobs.report import summary
from worker.jobs.speech import Rendered, recording_of, rendered
from worker.reply import Destination, FileReply, LongTextReply, PartReply
from worker.request import LongTextRequest
from worker.text.caption_file import CaptionFile

CAPTION_TYPES: Mapping[str, str] = {"srt": "application/x-subrip", "vtt": "text/vtt", "json": "application/json"}
JSON_TYPE, CUE_TYPE = "application/json", "application/x-cue"
REPLY_BYTES = 8_192
"""Room for what a reply says, besides the files in it and its chapters."""
CHAPTER_BYTES = 160
"""The same for each chapter, besides its title."""


class Beside:
    """A small file beside the audio, under way."""

    def __init__(self, sink: Sink, what: str, content_type: str) -> None:
        """`what` is what the caller calls it."""
        self.sink = sink
        self.what = what
        self.content_type = content_type
        self.size_bytes = 0

    def write(self, data: bytes) -> None:
        """Takes the next bytes."""
        self.size_bytes += self.sink.write(data)


class Edition:
    """Makes a long text once."""

    def __init__(
        self, plan: Plan, book: Book, *, request: LongTextRequest, outlet: Outlet, job: Job, worker: Worker
    ) -> None:
        self._plan, self._request, self._book = plan, request, book
        self._outlet, self._job, self._worker = outlet, job, worker
        self._ledger = Ledger(warnings=list(book.warnings))
        titles_bytes = sum(len(json.dumps(chapter.title)) for chapter in book.chapters)
        self._carried_bytes = REPLY_BYTES + titles_bytes + CHAPTER_BYTES * len(book.chapters)
        """Of the reply so far."""
        self._size_bytes = 0

    def made(self) -> LongTextReply:
        """The reply to a long text of which every file has been delivered.

        Raises:
            DeliveryFailed, PayloadTooLarge, EngineFailed, Cancelled: it was not made to its end; parts that were stored
                by then stay.

        """
        began_sec, synth_before_sec = self._job.stopwatch.elapsed_sec, self._job.stopwatch.spent_sec("synth")
        try:
            manifest, cue = self._make()
        except WorkerError as error:
            if self._outlet.keeps and self._ledger.parts:
                error.args = (f"{error}; parts 1 to {len(self._ledger.parts)} had been delivered by then",)
            raise
        synth_sec = self._job.stopwatch.spent_sec("synth") - synth_before_sec
        encode_sec = self._job.stopwatch.elapsed_sec - began_sec - synth_sec
        return self._reply(manifest, cue, encode_sec)

    def _make(self) -> tuple[FileReply | None, FileReply | None]:
        with ExitStack() as opened:
            file = self._begun(opened, ".manifest.json", "manifest", JSON_TYPE)
            manifest = Manifest(file.write, self._known())
            stream = opened.enter_context(closing(rendered(self._plan, self._job, self._worker)))
            for number, spoken in groupby(stream, key=splitter(self._request, self._book)):
                self._part(number, spoken, manifest)
            names = [self._name(part.number) for part in self._ledger.parts]
            manifest.close(self._ledger.chapters, self._ledger.parts, names)
            return self._finished(file), self._cue_sheet(opened)

    def _part(self, number: int, spoken: Iterable[Rendered], manifest: Manifest) -> None:
        plan, form = self._plan, self._request.captions
        with ExitStack() as opened:
            sink = self._opened(opened, self._suffix(number), plan.format.content_type)
            beside = captions = None
            if form != "none":
                beside = self._begun(opened, self._suffix(number, f".{form}"), "captions", CAPTION_TYPES[form])
                captions = CaptionFile(beside.write, form)
            log = PartLog(number, self._book, self._ledger, manifest, captions)
            size_bytes = self._recorded(spoken, sink, log)
            destination = sink.finish(rest_bytes=self._carried_bytes)
            self._carried_bytes += len(destination.audio_base64 or "")
            if captions:
                captions.close()
            part = PartReply(
                **dict(destination),
                number=number,
                duration_sec=round(log.totals.duration_sec, 3),
                size_bytes=size_bytes,
                captions=self._finished(beside, stored=destination.audio_base64 is None) if beside else None,
            )
        self._size_bytes += size_bytes
        self._ledger.add(log, part)

    def _recorded(self, spoken: Iterable[Rendered], sink: Sink, log: PartLog) -> int:
        """Writes the part's audio, with chapter marks before it where they belong there; returns its bytes."""
        plan, stream = self._plan, iter(spoken)
        first = next(stream)
        head = self._head(first)
        sink.write(head)
        file = encode_file(
            recording_of(chain([first], stream), plan, self._job, heard=log),
            plan.format_name,
            sample_rate=plan.sample_rate,
            into=Behind(sink, len(head)),
        )
        if head:
            sink.seek(0)
            sink.write(id3_chapters(log.marks, size_bytes=len(head)))
        return len(head) + file.size_bytes

    def _head(self, first: Rendered) -> bytes:
        """What holds the place of the chapter marks, whose times are known last."""
        if not self._marks_chapters or self._plan.format_name != "mp3" or self._request.split == "chapter":
            return b""
        begun = self._book.chapter_at(first.utterance.start)
        rest = range(begun, min(len(self._book.chapters), begun + MOST_MARKS))
        return id3_chapters([Mark(title=mark_title(self._book.chapters[at].title, at + 1)) for at in rest])

    @property
    def _marks_chapters(self) -> bool:
        return self._request.chapter_marks == "auto" and len(self._book.chapters) > 1

    def _cue_sheet(self, opened: ExitStack) -> FileReply | None:
        if not self._marks_chapters:
            return None
        files = [
            MarkedFile(
                name=self._name(part.number),
                marks=tuple(
                    Mark(title=mark_title(chapter.title, chapter.number), start_sec=chapter.start_sec)
                    for chapter in self._ledger.chapters
                    if chapter.part == part.number
                ),
            )
            for part in self._ledger.parts
        ]
        file = self._begun(opened, ".cue", "cue sheet", CUE_TYPE)
        file.write(cue_sheet(files, title=self._book.title, performer=self._book.author).encode(errors="replace"))
        return self._finished(file)

    def _known(self) -> dict[str, object]:
        """What a manifest says first."""
        casting = self._plan.casting
        return {
            "format_version": 1,
            "title": self._book.title,
            "author": self._book.author,
            "engine": casting.engine.name,
            "voice": casting.name,
            "language": casting.direction.language,
            "seed": self._plan.seed,
            "sample_rate": self._plan.sample_rate,
        }

    def _suffix(self, number: int, extension: str | None = None) -> str:
        ends = extension or self._plan.format.extension
        return ends if self._request.split == "none" else f"-{number:03}{ends}"

    def _name(self, number: int) -> str:
        return self._outlet.name(self._suffix(number))

    def _opened(self, opened: ExitStack, suffix: str, content_type: str) -> Sink:
        """A file that leaves nothing behind unless it is finished."""
        sink = self._outlet.open(suffix, content_type)
        opened.callback(sink.abort)
        return sink

    def _begun(self, opened: ExitStack, suffix: str, what: str, content_type: str) -> Beside:
        return Beside(self._opened(opened, suffix, content_type), what, content_type)

    def _finished(self, file: Beside, *, stored: bool | None = None) -> FileReply | None:
        """Where the file went: where the audio is; None where that is the reply and it has no room for it."""
        if stored is None:
            stored = self._ledger.parts[0].audio_base64 is None
        rest_bytes = self._outlet.inline_bytes + 1 if stored else self._carried_bytes
        try:
            destination = file.sink.finish(rest_bytes=rest_bytes)
        except PayloadTooLarge:
            self._ledger.warnings.append(
                f"the {file.what} of {file.size_bytes} bytes has no room in the reply and was left out: "
                "have it stored with 'delivery': 's3' or 'volume' where the worker has it"
            )
            return None
        if destination.audio_base64 is not None:
            self._carried_bytes += inline_size(file.size_bytes)
        return _file_reply(destination, file)

    def _reply(self, manifest: FileReply | None, cue: FileReply | None, encode_sec: float) -> LongTextReply:
        ledger = self._ledger
        if ledger.flagged_count > MOST_FLAGGED:
            ledger.warnings.append(f"{ledger.flagged_count} utterances are not 'ok'; the first {MOST_FLAGGED} are told")
        told = summary(
            self._plan,
            ledger.totals,
            self._job,
            self._worker,
            size_bytes=self._size_bytes,
            encode_sec=encode_sec,
            utterances=tuple(ledger.flagged),
            warnings=tuple(ledger.warnings),
        )
        alone, parts = Destination(), ledger.parts
        if self._request.split == "none":
            alone = _where(parts[0])
            parts = [parts[0].model_copy(update=dict(Destination()))]
        return LongTextReply(
            **{**dict(told), **dict(alone)},
            title=self._book.title,
            author=self._book.author,
            chapters=tuple(ledger.chapters),
            parts=tuple(parts),
            manifest=manifest,
            cue_sheet=cue,
        )


def _where(part: PartReply) -> Destination:
    return Destination(audio_base64=part.audio_base64, audio_url=part.audio_url, audio_path=part.audio_path)


def _file_reply(destination: Destination, file: Beside) -> FileReply:
    return FileReply(
        base64=destination.audio_base64,
        url=destination.audio_url,
        path=destination.audio_path,
        content_type=file.content_type,
        size_bytes=file.size_bytes,
    )
