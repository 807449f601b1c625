"""Reads a document of any kind."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from worker.documents.document import Document, checked
from worker.documents.epub.book import read_epub
from worker.documents.html import read_html
from worker.documents.kinds import Kind, kind_of
from worker.documents.limits import DocumentLimits
from worker.documents.markdown import read_markdown
from worker.documents.pdf.pages import read_pdf
from worker.documents.plain import read_plain
from worker.errors import TextTooLong

_READERS: dict[Kind, Callable[[bytes, DocumentLimits], Document]] = {
    "text": read_plain,
    "markdown": read_markdown,
    "html": read_html,
    "epub": read_epub,
    "pdf": read_pdf,
}
DEFAULT_LIMITS = DocumentLimits()


def read(
    data: bytes,
    *,
    kind: Literal["auto", "text", "markdown", "html", "epub", "pdf"] = "auto",
    limits: DocumentLimits = DEFAULT_LIMITS,
) -> Document:
    """The document's chapters, each sentence once and in order; `auto` finds the kind by how the bytes begin.

    Raises:
        InvalidDocument: it is of no kind that is read, damaged, locked, a scan, or built to exhaust its reader.
        TextTooLong: it is over a limit.
        EmptyText: it holds no words.
    """
    if len(data) > limits.max_bytes:
        raise TextTooLong(f"the document has {len(data)} bytes, over the limit of {limits.max_bytes}: split it")
    reader = _READERS[kind_of(data) if kind == "auto" else kind]
    return checked(reader(data, limits), limits)
