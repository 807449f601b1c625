"""Writes PDF files, a line of text at a place at a time."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass, field

LEADING = 14.0
"""Points from a baseline to the next."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """A line at a place on a page of 595 by 842 points."""

    text: str
    x: float = 72.0
    y: float = 700.0
    size: float = 11.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """A bookmark, perhaps with others below it."""

    title: str
    page: int
    below: tuple[Mark, ...] = ()


@dataclass(slots=True)
class _Objects:
    """The objects of a file; numbers count from 1."""

    bodies: list[bytes] = field(default_factory=list)

    def add(self, body: bytes) -> int:
        self.bodies.append(body)
        return len(self.bodies)

    def file(self, root: int, info: int) -> bytes:
        data, offsets = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n", []
        for number, body in enumerate(self.bodies, 1):
            offsets.append(len(data))
            data += b"%d 0 obj\n%s\nendobj\n" % (number, body)
        table = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
        count = len(self.bodies) + 1
        trailer = b"trailer\n<< /Size %d /Root %d 0 R /Info %d 0 R >>\n" % (count, root, info)
        references = b"xref\n0 %d\n0000000000 65535 f \n%s" % (count, table)
        return data + references + trailer + b"startxref\n%d\n%%%%EOF\n" % len(data)


def column(lines: Sequence[str], *, x: float = 72.0, y: float = 700.0, size: float = 11.0) -> list[Text]:
    """Lines below each other; a blank one is a gap."""
    return [Text(text=line, x=x, y=y - index * LEADING, size=size) for index, line in enumerate(lines) if line]


def pdf_of(
    pages: Sequence[Sequence[Text]],
    *,
    title: str = "",
    author: str = "",
    marks: Sequence[Mark] = (),
    extra: bytes = b"",
    packed: bool = True,
) -> bytes:
    """A file with a page for each sequence of lines, in Helvetica; `extra` is drawn on every page."""
    objects = _Objects()
    root, info, tree = objects.add(b""), objects.add(b""), objects.add(b"")
    font = objects.add(b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>")
    kids = []
    for page in pages:
        drawing = extra + b"".join(_drawn(text) for text in page)
        stream = zlib.compress(drawing) if packed else drawing
        coding = b"/Filter /FlateDecode " if packed else b""
        content = objects.add(b"<< %s/Length %d >>\nstream\n%s\nendstream" % (coding, len(stream), stream))
        kids.append(
            objects.add(
                b"<< /Type /Page /Parent %d 0 R /MediaBox [0 0 595 842] /Contents %d 0 R"
                b" /Resources << /Font << /F1 %d 0 R >> >> >>" % (tree, content, font)
            )
        )
    objects.bodies[tree - 1] = b"<< /Type /Pages /Count %d /Kids [%s] >>" % (
        len(kids),
        b" ".join(b"%d 0 R" % kid for kid in kids),
    )
    outline = objects.add(b"") if marks else 0
    if marks:
        first, last = _marked(objects, marks, outline, kids)
        objects.bodies[outline - 1] = b"<< /Type /Outlines /First %d 0 R /Last %d 0 R >>" % (first, last)
    outlines = b"/Outlines %d 0 R " % outline if marks else b""
    objects.bodies[root - 1] = b"<< /Type /Catalog /Pages %d 0 R /Lang (en-GB) %s>>" % (tree, outlines)
    objects.bodies[info - 1] = b"<< /Title %s /Author %s >>" % (_string(title), _string(author))
    return objects.file(root, info)


def _drawn(text: Text) -> bytes:
    return b"BT /F1 %.1f Tf 1 0 0 1 %.2f %.2f Tm %s Tj ET\n" % (text.size, text.x, text.y, _string(text.text))


def _string(text: str) -> bytes:
    escaped = text.replace("\\", r"\\").replace("(", r"\(").replace(")", r"\)")
    return b"(%s)" % escaped.encode("cp1252")


def _marked(objects: _Objects, marks: Sequence[Mark], parent: int, kids: Sequence[int]) -> tuple[int, int]:
    numbers = [objects.add(b"") for _ in marks]
    for index, mark in enumerate(marks):
        links = b"/Prev %d 0 R " % numbers[index - 1] if index else b""
        links += b"/Next %d 0 R " % numbers[index + 1] if index + 1 < len(marks) else b""
        if mark.below:
            first, last = _marked(objects, mark.below, numbers[index], kids)
            links += b"/First %d 0 R /Last %d 0 R /Count %d " % (first, last, len(mark.below))
        objects.bodies[numbers[index] - 1] = b"<< /Title %s /Parent %d 0 R %s/Dest [%d 0 R /Fit] >>" % (
            _string(mark.title),
            parent,
            links,
            kids[mark.page],
        )
    return numbers[0], numbers[-1]
