from __future__ import annotations

import pytest

from tests.documents.epub_file import epub_of, page
from tests.documents.pdf_file import column, pdf_of
from worker.documents.kinds import kind_of
from worker.documents.limits import DocumentLimits
from worker.documents.read import read
from worker.errors import InvalidDocument, TextTooLong


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (pdf_of([column(["A."])]), "pdf"),
        (b"\n\n" + pdf_of([column(["A."])]), "pdf"),
        (epub_of({"a.xhtml": page("<p>A.</p>")}), "epub"),
        (b"<!DOCTYPE html><p>A.", "html"),
        (b"\xef\xbb\xbf \n<!-- a --> <HTML><p>A.", "html"),
        ("<!doctype html><p>A.".encode("utf-16"), "html"),
        (b"<?xml version='1.0'?>\n<!DOCTYPE html><html/>", "html"),
        (b"<div>A.</div>", "html"),
        (b"Intro\r\n\r\n## Part\r\n\r\nText", "markdown"),
        (b"---\ntitle: A\n---\nText", "markdown"),
        (b"See [this](http://x.y).", "markdown"),
        (b"Title\n=====\n\nText", "markdown"),
        (b"So **loud** it was.", "markdown"),
        (b"Chapter 1\n\n    Indented, as in old books.\n\n* * *\n\n#1 in the charts, 2*3 < 7.", "text"),
        (b"", "text"),
        (b"<3 you", "text"),
    ],
)
def test_the_kind_is_found_by_how_a_document_begins(data: bytes, kind: str) -> None:
    assert kind_of(data) == kind


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"{\\rtf1 A.}", "RTF"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "old Word"),
        (b"\x1f\x8b\x08", "gzip"),
        (b"\x89PNG\r\n", "picture"),
        (b"a" * 60 + b"BOOKMOBI", "Kindle"),
    ],
)
def test_files_of_other_kinds_are_refused_by_name(data: bytes, message: str) -> None:
    with pytest.raises(InvalidDocument, match=message):
        read(data)


def test_bytes_have_a_limit() -> None:
    with pytest.raises(TextTooLong, match="11 bytes, over the limit of 10"):
        read(b"Eleven now.", limits=DocumentLimits(max_bytes=10))


def test_chapters_have_a_limit() -> None:
    with pytest.raises(TextTooLong, match="3 chapters, over the limit of 2"):
        read(b"# A\n\na\n\n# B\n\nb\n\n# C\n\nc", limits=DocumentLimits(max_chapters=2))
