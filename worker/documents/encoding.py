"""Bytes that are text: by their byte order mark, by what they declare, else as UTF-8."""

from __future__ import annotations

import codecs
import re

from worker.errors import InvalidDocument

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
"""UTF-32 stands before UTF-16, whose little-endian mark it begins with."""
_DECLARED = re.compile(
    rb"""<\?xml[^>]{0,200}?encoding\s*=\s*["']([A-Za-z0-9_.:-]{1,40})|<meta[^>]{1,400}?charset\s*=\s*["']?([A-Za-z0-9_.:-]{1,40})""",
    re.IGNORECASE,
)
_DECLARED_WITHIN_BYTES = 4096
"""HTML wants the declaration in the first 1024 bytes; pages put it a little later."""
_READ_AS = {
    "ascii": "windows-1252",
    "us-ascii": "windows-1252",
    "latin1": "windows-1252",
    "latin-1": "windows-1252",
    "iso8859-1": "windows-1252",
    "iso-8859-1": "windows-1252",
    "x-sjis": "shift_jis",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "macintosh": "mac-roman",
    # What is declared in bytes that could be read this far is not in 16-bit units.
    "utf-16": "utf-8",
    "utf-16le": "utf-8",
    "utf-16be": "utf-8",
}
"""Names that browsers take for another encoding: https://encoding.spec.whatwg.org/#names-and-labels."""
_KNOWN = re.compile(
    r"utf-?8|windows-125[0-8]|iso-?8859-(?:[2-9]|1[0-6])|koi8-[ru]|shift[_-]jis|euc-jp|iso-2022-jp|gb18030|big5|euc-kr|mac-roman"
)
"""Encodings of the web; Python's others include some that are quadratic to read."""


def plain_characters(data: bytes) -> str:
    """The text of a file that declares nothing; line ends are line feeds.

    Raises:
        InvalidDocument: it is neither UTF-8 nor marked as UTF-16 or UTF-32, or holds binary data.
    """
    return _decoded(data, encoding=None)


def markup_characters(data: bytes) -> str:
    """The text of an HTML or XML file, which may declare its encoding; line ends are line feeds.

    Raises:
        InvalidDocument: the encoding is unknown or is not the one declared.
    """
    found = _DECLARED.search(data[:_DECLARED_WITHIN_BYTES])
    if found is None:
        return _decoded(data, encoding=None)
    name = (found[1] or found[2]).decode("ascii").lower()
    encoding = _READ_AS.get(name, name)
    if not _KNOWN.fullmatch(encoding):
        raise InvalidDocument(f"the document declares the encoding {name!r}, which is not read here: save it as UTF-8")
    return _decoded(data, encoding=encoding)


def _decoded(data: bytes, *, encoding: str | None) -> str:
    for mark, marked in _MARKS:
        if data.startswith(mark):
            data, encoding = data[len(mark) :], marked
            break
    try:
        text = data.decode(encoding or "utf-8")
    except UnicodeDecodeError as error:
        name = (encoding or "utf-8").upper()
        raise InvalidDocument(
            f"the document's encoding is not {name}, as byte {error.start} shows: save it as UTF-8"
        ) from error
    if "\x00" in text:
        raise InvalidDocument("the document holds binary data, not text: send text as UTF-8")
    return text.replace("\r\n", "\n").replace("\r", "\n")
