"""The outline of a PDF, its bookmarks: where chapters begin."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pypdf import PdfReader
from pypdf.generic import Destination

from worker.documents.outline import chapter_lines
from worker.documents.pdf.paragraphs import Paragraph

_SLACK_POINTS = 4.0
"""How far below its heading's top a bookmark may point."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bookmark:
    """A line of the outline."""

    title: str
    page: int
    """Counted from 0."""
    top: float | None
    """In points from the bottom, if it says where on the page."""
    depth: int


def bookmarks_of(reader: PdfReader) -> list[Bookmark]:
    """The bookmarks that begin a chapter, in order."""
    found = list(_flat(reader, reader.outline, 0))
    return [found[index] for index in chapter_lines([(bookmark.title, bookmark.depth) for bookmark in found])]


def starts_of(bookmarks: Sequence[Bookmark], paragraphs: Sequence[Paragraph]) -> dict[int, str]:
    """With which paragraph each chapter begins, and its title."""
    starts: dict[int, str] = {}
    by_page: dict[int, list[int]] = {}
    for index, paragraph in enumerate(paragraphs):
        by_page.setdefault(paragraph.page, []).append(index)
    for bookmark in bookmarks:
        here = by_page.get(bookmark.page, [])
        at = _start(bookmark, here, paragraphs)
        if at is not None:
            starts.setdefault(at, bookmark.title)
    return dict(sorted(starts.items()))


def _start(bookmark: Bookmark, here: Sequence[int], paragraphs: Sequence[Paragraph]) -> int | None:
    """The paragraph that is the title, else the one at the bookmark's height, else the first of its page."""
    title = _plain(bookmark.title)
    for index in here:
        if _plain(paragraphs[index].text[: 2 * len(bookmark.title) + 40]).startswith(title):
            return index
    if bookmark.top is not None:
        for index in here:
            if paragraphs[index].y <= bookmark.top + _SLACK_POINTS:
                return index
    if here:
        return here[0]
    return next((index for index, paragraph in enumerate(paragraphs) if paragraph.page > bookmark.page), None)


def _flat(reader: PdfReader, outline: object, depth: int) -> Iterator[Bookmark]:
    for entry in outline if isinstance(outline, list) else []:
        if isinstance(entry, list):
            yield from _flat(reader, entry, depth + 1)
        elif isinstance(entry, Destination):
            page = reader.get_destination_page_number(entry)
            title = " ".join(str(entry.title or "").split())
            if title and page is not None:
                yield Bookmark(title=title, page=page, top=_top(entry), depth=depth)


def _top(entry: Destination) -> float | None:
    return float(entry.top) if isinstance(entry.top, int | float) else None


def _plain(text: str) -> str:
    return "".join(filter(str.isalnum, text)).casefold()
