"""Reads plain text."""

from __future__ import annotations

import re

from worker.documents.document import Document
from worker.documents.encoding import plain_characters
from worker.documents.headings import chapters_of, is_heading
from worker.documents.limits import DocumentLimits

_GAP = re.compile(r"\n(?:[ \t\xa0]*\n)+|\f")
_LONG_LINE = 100
"""Characters; hard-wrapped text has 60 to 80 in a line."""


def read_plain(data: bytes, limits: DocumentLimits) -> Document:  # noqa: ARG001  # readers have one signature; its limits are checked for all kinds
    """The text, with chapters where headings stand alone.

    Raises:
        InvalidDocument: it is not text in UTF-8, nor marked as UTF-16 or UTF-32.
    """
    text = plain_characters(data)
    paragraphs = text.split("\n") if _is_unwrapped(text) else _GAP.split(text)
    return Document(
        title=None,
        author=None,
        language=None,
        chapters=chapters_of([part for paragraph in paragraphs for part in _parts(paragraph)]),
    )


def _is_unwrapped(text: str) -> bool:
    """Whether each line is a paragraph: most of the text stands in lines longer than hard-wrapped ones are."""
    in_long_lines = sum(len(line) for line in text.split("\n") if len(line) > _LONG_LINE)
    return 2 * in_long_lines > len(text)


def _parts(paragraph: str) -> list[str]:
    """The paragraph, or its heading and the rest; lines stay lines."""
    lines = [line.strip() for line in paragraph.strip("\n").split("\n")]
    if len(lines) > 1 and is_heading(lines[0]) and not any(map(is_heading, lines[1:])):
        return [lines[0], "\n".join(lines[1:])]
    said = "\n".join(lines).strip()
    return [said] if said else []
