"""Reads HTML."""

from __future__ import annotations

from worker.documents.document import Document
from worker.documents.encoding import markup_characters
from worker.documents.limits import DocumentLimits
from worker.documents.markup.page import page_of
from worker.documents.outline import outline_of
from worker.documents.warnings import warnings_of


def read_html(data: bytes, limits: DocumentLimits) -> Document:
    """What the page says to a reader, without what surrounds it; captions are read where they stand.

    Raises:
        InvalidDocument: its encoding is not the declared one, or it is nested too deep.
    """
    return html_document(markup_characters(data), limits)


def html_document(markup: str, limits: DocumentLimits) -> Document:
    """The document of a page."""
    page = page_of(markup, max_depth=limits.max_depth)
    outline = outline_of(page.blocks)
    return Document(
        title=page.title or outline.title,
        author=page.author,
        language=page.language,
        chapters=outline.chapters,
        warnings=warnings_of(page.left_out),
    )
