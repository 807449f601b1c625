"""Reads EPUB."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from worker.documents.document import Document
from worker.documents.encoding import markup_characters
from worker.documents.epub.archive import Archive
from worker.documents.epub.contents import Entry, entries_of
from worker.documents.epub.package import package_of
from worker.documents.limits import DocumentLimits
from worker.documents.markup.page import Page, page_of
from worker.documents.outline import chapters_at, outline_of
from worker.documents.warnings import warnings_of
from worker.errors import TextTooLong

_BYTES_PER_BLOCK = 16
"""At the least: shorter paragraphs throughout are no prose, and each takes some 200 bytes of memory."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Text:
    """The blocks of a file."""

    path: str
    page: Page


def read_epub(data: bytes, limits: DocumentLimits) -> Document:
    """The book in its order of reading, with the chapters of its table of contents, else by its headings.

    What the book marks as out of line (`linear="no"`), tables of contents and notes are left out.

    Raises:
        InvalidDocument: it is no EPUB, damaged, locked, or made to exhaust or escape its reader.
        TextTooLong: its text is over the limit.
    """
    archive = Archive(data, limits)
    package = package_of(archive)
    texts = list(_texts(archive, package.pages, limits))
    blocks = [block for text in texts for block in text.page.blocks]
    starts = _starts(texts, entries_of(archive, package))
    left_out: Counter[str] = sum((text.page.left_out for text in texts), Counter())
    return Document(
        title=package.title,
        author=package.author,
        language=package.language or next((text.page.language for text in texts if text.page.language), None),
        chapters=chapters_at(blocks, starts) if starts else outline_of(blocks).chapters,
        warnings=warnings_of(left_out),
    )


def _texts(archive: Archive, paths: Sequence[str], limits: DocumentLimits) -> Iterator[_Text]:
    left_blocks = limits.max_text_bytes // _BYTES_PER_BLOCK
    for path in paths:
        page = page_of(markup_characters(archive.read(path)), max_depth=limits.max_depth, xml=True)
        left_blocks -= len(page.blocks)
        if left_blocks < 0:
            raise TextTooLong("the EPUB has more paragraphs than are read at once: split it")
        yield _Text(path=path, page=page)


def _starts(texts: Sequence[_Text], entries: Sequence[Entry]) -> dict[int, str]:
    """Where chapters begin in the blocks of all texts, and what each is called."""
    first: dict[str, int] = {}
    anchors: dict[tuple[str, str], int] = {}
    count = 0
    for text in texts:
        first[text.path] = count
        for block in text.page.blocks:
            anchors.update(
                {(text.path, anchor): count for anchor in block.anchors if (text.path, anchor) not in anchors}
            )
            count += 1
    # Of two entries that lead to one place, the first counts; one whose file is a picture leads to what comes next.
    said = {text.path for text in texts if text.page.blocks}
    starts: dict[int, str] = {}
    for entry in sorted(entries, key=lambda entry: entry.path not in said):
        at = anchors.get((entry.path, entry.anchor), first.get(entry.path))
        if at is not None and at < count:
            starts.setdefault(at, entry.label)
    return dict(sorted(starts.items()))
