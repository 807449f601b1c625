"""Which kind of document some bytes are, by how they begin."""

from __future__ import annotations

import codecs
import re
from typing import Literal

from worker.errors import InvalidDocument

Kind = Literal["text", "markdown", "html", "epub", "pdf"]

_SNIFFED_BYTES = 65_536
_PDF_WITHIN_BYTES = 1024
"""Where readers of PDF look for its first line, which may have other bytes before it."""
_OTHERS = (
    (b"{\\rtf", "an RTF document"),
    (b"\xd0\xcf\x11\xe0", "an old Word document"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"\x89PNG", "a picture"),
    (b"\xff\xd8\xff", "a picture"),
    (b"Rar!", "a RAR archive"),
    (b"7z\xbc\xaf", "a 7z archive"),
    (b"TPZ", "a Kindle book"),
)
_KINDLE = b"BOOKMOBI"
_KINDLE_AT = 60
_HTML = re.compile(
    rb"\s*(?:<\?xml[^>]{0,200}>\s*|<!--(?:(?!-->).){0,4000}-->\s*)*"
    rb"<(?:!doctype\s+html|html|head|body|title|meta|div|p|h[1-6]|article|section|main)\b",
    re.IGNORECASE | re.DOTALL,
)
_MARKDOWN = re.compile(
    rb"\A---[ \t]*\n(?:[^\n]{0,400}\n){0,60}?---[ \t]*\n"  # front matter
    rb"|^ {0,3}#{1,6}[ \t]+[^\s#]"
    rb"|^ {0,3}(?:```|~~~)"
    rb"|\[[^\[\]\n]{1,200}\]\(\S{1,400}\)"
    rb"|^[^\n]{1,200}\n={3,}[ \t]*$"
    rb"|(?<![*\w])\*\*[^\s*][^*\n]{0,200}\*\*(?![*\w])",
    re.MULTILINE,
)


def kind_of(data: bytes) -> Kind:
    """The kind of a document; what looks like nothing else is plain text.

    Raises:
        InvalidDocument: it is a file of a kind that is not read.
    """
    if b"%PDF-" in data[:_PDF_WITHIN_BYTES]:
        return "pdf"
    if data.startswith(b"PK"):
        return "epub"
    _refuse_others(data)
    start = data[:_SNIFFED_BYTES]
    if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        start = start.replace(b"\x00", b"")[2:]
    start = start.removeprefix(codecs.BOM_UTF8).replace(b"\r\n", b"\n")
    if _HTML.match(start):
        return "html"
    return "markdown" if _MARKDOWN.search(start) else "text"


def _refuse_others(data: bytes) -> None:
    named = next((name for magic, name in _OTHERS if data.startswith(magic)), None)
    if data[_KINDLE_AT : _KINDLE_AT + len(_KINDLE)] == _KINDLE:
        named = "a Kindle book"
    if named:
        raise InvalidDocument(f"this is {named}: send plain text, Markdown, HTML, EPUB or PDF")
