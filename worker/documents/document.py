"""A document as it is read aloud, and the checks that each one passes in the end."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from worker.documents.limits import DocumentLimits
from worker.errors import EmptyText, TextTooLong


@dataclass(frozen=True, slots=True, kw_only=True)
class Chapter:
    """A stretch of a document that a listener would look for."""

    title: str | None
    """What a listener would call it: its heading, which is in the text too, or its entry in the table of contents."""
    text: str
    """Paragraphs with a blank line between them, headings among them; never blank."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """What was read."""

    title: str | None
    author: str | None
    language: str | None
    """A tag such as `fr` or `pt-BR`, as the document has it."""
    chapters: tuple[Chapter, ...]
    """In reading order; at least one."""
    warnings: tuple[str, ...] = ()
    """What was left out, for the caller; none of the document's words."""


def checked(document: Document, limits: DocumentLimits) -> Document:
    """The document without its blank chapters.

    Raises:
        EmptyText: no chapter has a letter or digit.
        TextTooLong: there are more chapters, or more text, than the limits allow.
    """
    chapters = tuple(chapter for chapter in document.chapters if chapter.text.strip())
    if not any(any(map(str.isalnum, chapter.text)) for chapter in chapters):
        raise EmptyText("There is nothing to speak in the document: it holds no words.")
    if len(chapters) > limits.max_chapters:
        raise TextTooLong(
            f"the document has {len(chapters)} chapters, over the limit of {limits.max_chapters}: split it"
        )
    if sum(len(chapter.text) for chapter in chapters) > limits.max_text_bytes:
        raise TextTooLong(f"the document's text is over the limit of {limits.max_text_bytes} bytes: split it")
    return Document(
        title=one_line(document.title),
        author=one_line(document.author),
        language=one_line(document.language),
        chapters=tuple(Chapter(title=one_line(chapter.title), text=chapter.text) for chapter in chapters),
        warnings=document.warnings,
    )


def one_line(text: str | None) -> str | None:
    """The text with single spaces, or None if that leaves nothing."""
    return " ".join(text.replace("\xad", "").split()) or None if text else None


def joined(paragraphs: Iterable[str]) -> str:
    """Paragraphs as the text of a chapter."""
    return "\n\n".join(paragraph for paragraph in paragraphs if paragraph.strip())
