"""Reads PDF."""

from __future__ import annotations

import io
import re
import zlib
from collections.abc import Sequence
from dataclasses import dataclass

from pypdf import PdfReader, apply_configuration
from pypdf.errors import DependencyError, FileNotDecryptedError, PyPdfError

from worker.documents.document import Chapter, Document
from worker.documents.headings import chapters_of
from worker.documents.limits import DocumentLimits
from worker.documents.outline import chapters_at, outline_of
from worker.documents.pdf.bookmarks import Bookmark, bookmarks_of, starts_of
from worker.documents.pdf.line import Line, in_reading_order, lines_of
from worker.documents.pdf.paragraphs import Paragraph, blocks_of, paragraphs_of
from worker.documents.pdf.running import without_running_lines
from worker.errors import InvalidDocument, TextTooLong

_UNREADABLE = (
    *(PyPdfError, zlib.error, ArithmeticError, AttributeError, LookupError, OSError, TypeError, ValueError),
    *(RecursionError, NotImplementedError, AssertionError, DependencyError),
)
"""What pypdf raises on damaged files, by its own account: "might cause other Exceptions"."""
_LOCKED = "the PDF is locked with a password: send a copy without one"
_SCANNED = "the PDF has no text, only pictures of its pages: recognise its text first (OCR), then send it"
_UNMAPPED = "the PDF's fonts do not say which letters they show: recognise its text first (OCR), then send it"
_NO_LETTER = re.compile("[\ufffd\ue000-\uf8ff]")
_MOST_PARSED = 200_000
"""Operators and operands on a page; a page of prose has some thousands."""
_MOST_FORMS = 200
"""Drawings within a page's drawing."""
_NO_TITLE = re.compile(r"microsoft word|untitled|unbenannt|.*\.(?:docx?|indd|qxd|pdf|tex|rtf|odt)$", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Opened:
    """What a file holds."""

    pages: list[list[Line]]
    bookmarks: list[Bookmark]
    title: str | None
    author: str | None
    language: str | None
    warnings: tuple[str, ...]


def read_pdf(data: bytes, limits: DocumentLimits) -> Document:
    """The text in its order of reading, without running headers, footers and page numbers.

    Chapters are those of its bookmarks, else those of headings in words, else those of headings in larger type.

    Raises:
        InvalidDocument: it is no PDF, damaged, locked, or a scan without text.
        TextTooLong: it has more pages or text than the limits allow.
    """
    try:
        with apply_configuration(
            zlib_maximum_output_length=limits.max_page_bytes,
            lzw_maximum_output_length=limits.max_page_bytes,
            run_length_maximum_output_length=limits.max_page_bytes,
            brotli_maximum_output_length=limits.max_page_bytes,
            array_based_stream_maximum_output_length=limits.max_page_bytes,
            stream_decoding_work_maximum_length=4 * limits.max_page_bytes,
            stream_parsing_work_maximum_count=_MOST_PARSED,
            xform_maximum_invocations_per_extraction=_MOST_FORMS,
            outline_maximum_entries=limits.max_chapters,
            jbig2dec_binary=None,
        ):
            opened = _opened(data, limits)
    except (FileNotDecryptedError, DependencyError) as error:
        raise InvalidDocument(_LOCKED) from error
    except _UNREADABLE as error:
        raise InvalidDocument("the PDF is damaged: open it and save or print it to PDF anew") from error
    _check_letters(opened.pages)
    pages = [in_reading_order(lines) for lines in without_running_lines(opened.pages)]
    return Document(
        title=opened.title,
        author=opened.author,
        language=opened.language,
        chapters=_chapters(paragraphs_of(pages), opened.bookmarks),
        warnings=opened.warnings,
    )


def _opened(data: bytes, limits: DocumentLimits) -> _Opened:
    reader = PdfReader(
        io.BytesIO(data), root_object_recovery_limit=1_000, xref_stream_maximum_entries=limits.max_bytes // 64
    )
    if reader.is_encrypted and not reader.decrypt(""):
        raise InvalidDocument(_LOCKED)
    if len(reader.pages) > limits.max_pages:
        raise TextTooLong(f"the PDF has {len(reader.pages)} pages, over the limit of {limits.max_pages}: split it")
    bookmarks, bookmark_warnings = _bookmarks(reader)
    pages, warnings = _pages(reader, limits)
    about = reader.metadata
    language = reader.root_object.get("/Lang")
    title = about.title if about else None
    return _Opened(
        pages=pages,
        bookmarks=bookmarks,
        title=title if title and not _NO_TITLE.match(title) else None,
        author=about.author if about else None,
        language=str(language) if language else None,
        warnings=(*warnings, *bookmark_warnings),
    )


def _bookmarks(reader: PdfReader) -> tuple[list[Bookmark], tuple[str, ...]]:
    try:
        return bookmarks_of(reader), ()
    except _UNREADABLE:
        return [], ("the bookmarks are damaged and were not used",)


def _pages(reader: PdfReader, limits: DocumentLimits) -> tuple[list[list[Line]], tuple[str, ...]]:
    pages: list[list[Line]] = []
    damaged = 0
    left_bytes = limits.max_text_bytes
    for number in range(len(reader.pages)):
        try:
            page = reader.pages[number]
            contents = page.get_contents()
            left_bytes -= len(contents.get_data()) if contents is not None else 0
            pages.append(lines_of(page, number) if left_bytes >= 0 else [])
        except _UNREADABLE:
            damaged += 1
            pages.append([])
        if left_bytes < 0:
            raise TextTooLong(f"the PDF's pages unpack to over {limits.max_text_bytes} bytes: split it")
        # What was unpacked for a page is kept otherwise.
        reader.resolved_objects.clear()
    if pages and damaged == len(pages):
        raise InvalidDocument("the PDF is damaged: none of its pages can be read. Save or print it to PDF anew")
    empty = sum(not lines for lines in pages) - damaged
    return pages, (
        *((f"{damaged} of {len(pages)} pages are damaged and were left out",) if damaged else ()),
        *(
            (f"{empty} of {len(pages)} pages hold no text: blank, or scanned without text recognition",)
            if empty
            else ()
        ),
    )


def _check_letters(pages: Sequence[Sequence[Line]]) -> None:
    text = "".join(line.text for lines in pages for line in lines)
    letters = sum(map(str.isalnum, text))
    unmapped = len(_NO_LETTER.findall(text))
    if unmapped > letters:
        raise InvalidDocument(_UNMAPPED)
    if not letters:
        raise InvalidDocument(_SCANNED)


def _chapters(paragraphs: Sequence[Paragraph], bookmarks: Sequence[Bookmark]) -> tuple[Chapter, ...]:
    blocks = blocks_of(paragraphs)
    starts = starts_of(bookmarks, paragraphs)
    if starts:
        return chapters_at(blocks, starts)
    chapters = chapters_of([block.text for block in blocks])
    return chapters if len(chapters) > 1 else outline_of(blocks).chapters
