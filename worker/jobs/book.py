"""The book: a text or a document as chapters, all of whose text has one numbering."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, replace
from hashlib import blake2b
from itertools import accumulate
from typing import Literal

from worker.documents.document import Chapter, Document
from worker.documents.limits import DocumentLimits
from worker.errors import EmptyText, FetchTooLarge, InvalidRequest, TextTooLong
from worker.fetch.fetcher import Fetcher
from worker.fetch.reference import reference_bytes
from worker.jobs.sent_audio import about
from worker.request import LongTextRequest

DocumentKind = Literal["auto", "text", "markdown", "html", "epub", "pdf"]

MEBIBYTE = 2**20
BATCH_CHARS = 2**16
"""Characters that are encoded at once, where a text is measured or digested."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Book:
    """What is read aloud; places count code points from the start of the first chapter through all of them."""

    title: str | None
    author: str | None
    language: str | None
    chapters: tuple[Chapter, ...]
    starts: tuple[int, ...]
    """Where each chapter begins."""
    digest: str
    """32 hexadecimal digits of what it was read from."""
    warnings: tuple[str, ...] = ()

    def chapter_at(self, place: int) -> int:
        """The index of the chapter that a place lies in."""
        return bisect_right(self.starts, place) - 1

    def written(self, start: int, end: int) -> str:
        """What stands in a span of one chapter."""
        chapter = self.chapter_at(start)
        return self.chapters[chapter].text[start - self.starts[chapter] : end - self.starts[chapter]]


def book_of(request: LongTextRequest, fetcher: Fetcher, *, limit_mb: int) -> Book:
    """The book of a request.

    Raises:
        InvalidRequest: it has both a text and a document, or neither, or the document cannot be had.
        TextTooLong, EmptyText, InvalidDocument: it cannot be read.
        UrlNotAllowed, UrlUnusable, FetchFailed: as the fetcher does.

    """
    if (request.text is None) == (request.document is None):
        raise InvalidRequest("send either 'text' or 'document'", field="text")
    if request.text is not None:
        return _of_text(request, request.text, limit_mb * MEBIBYTE)
    with about("document"):
        data = _fetched(request.document or "", fetcher, limit_mb * MEBIBYTE)
        document = _read(data, request.document_kind, limit_mb * MEBIBYTE)
    return _book(document, request, blake2b(data, digest_size=16).hexdigest())


def _of_text(request: LongTextRequest, text: str, limit_bytes: int) -> Book:
    size_bytes, digest = _measured(text)
    if size_bytes > limit_bytes:
        raise TextTooLong(
            f"the text has {size_bytes} bytes and this worker reads {limit_bytes} in one job: split it over several",
            field="text",
        )
    if request.chapters == "none" and request.document_kind in ("auto", "text"):
        if not any(map(str.isalnum, text)):
            raise EmptyText("There is nothing to speak in the text: write at least one word.", field="text")
        document = Document(title=None, author=None, language=None, chapters=(Chapter(title=None, text=text),))
    else:
        kind: DocumentKind = "text" if request.document_kind == "auto" else request.document_kind
        with about("text"):
            document = _read(text.encode(errors="replace"), kind, limit_bytes)
    return _book(document, request, digest)


def _book(document: Document, request: LongTextRequest, digest: str) -> Book:
    if request.chapters == "none" and len(document.chapters) > 1:
        text = "\n\n".join(chapter.text for chapter in document.chapters)
        document = replace(document, chapters=(Chapter(title=document.title, text=text),))
    lengths = [len(chapter.text) for chapter in document.chapters]
    return Book(
        title=document.title,
        author=document.author,
        language=document.language,
        chapters=document.chapters,
        starts=tuple(accumulate(lengths[:-1], initial=0)),
        digest=digest,
        warnings=document.warnings,
    )


def _fetched(source: str, fetcher: Fetcher, limit_bytes: int) -> bytes:
    fetcher = replace(fetcher, limits=replace(fetcher.limits, max_bytes=limit_bytes))
    try:
        return reference_bytes(source, fetcher=fetcher)
    except FetchTooLarge as error:
        raise TextTooLong(
            f"the document is over the {limit_bytes} bytes that this worker reads in one job: split it over several"
        ) from error
    except InvalidRequest as error:
        raise InvalidRequest("the document is neither an https URL, a data: URI in base64 nor base64") from error


def _read(data: bytes, kind: DocumentKind, limit_bytes: int) -> Document:
    # Imported here: with its libraries it takes half a second, and most jobs have no document.
    from worker.documents.read import read

    return read(data, kind=kind, limits=DocumentLimits(max_bytes=limit_bytes, max_text_bytes=limit_bytes))


def _measured(text: str) -> tuple[int, str]:
    """The text's size in UTF-8, in bytes, and its digest; no second copy of it is made."""
    size_bytes, digest = 0, blake2b(digest_size=16)
    for start in range(0, len(text), BATCH_CHARS):
        encoded = text[start : start + BATCH_CHARS].encode(errors="surrogatepass")
        size_bytes += len(encoded)
        digest.update(encoded)
    return size_bytes, digest.hexdigest()
