"""Documents made to crash, fill or stall their reader: each is read or refused with a typed error, at a small cost."""

from __future__ import annotations

import io
import random
import struct
import time
import tracemalloc
import zipfile
import zlib
from collections.abc import Callable
from contextlib import suppress
from typing import Literal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.documents.epub_file import CONTAINER, epub_of, package, page, zip_of
from tests.documents.pdf_file import Mark, column, pdf_of
from tests.documents.prose import paragraph
from worker.documents.limits import DocumentLimits
from worker.documents.read import read
from worker.errors import EmptyText, InvalidDocument, TextTooLong

Kind = Literal["auto", "text", "markdown", "html", "epub", "pdf"]
KINDS: tuple[Kind, ...] = ("auto", "text", "markdown", "html", "epub", "pdf")
TYPED = (InvalidDocument, TextTooLong, EmptyText)
LIMITS = DocumentLimits(max_text_bytes=4 * 2**20, max_page_bytes=2**20)
MOST_MEMORY_BYTES = 64 * 2**20
"""For a document of up to a mebibyte under these limits."""
SAME_BYTES = 2**15
MOST_SEC = 5.0
"""Of processor time, for that many bytes; linear readers take up to one, quadratic ones a minute."""

EPUB = epub_of(
    {"one.xhtml": page(f"<h1>1</h1><p>{paragraph(0)}</p>"), "two.xhtml": page(f"<h1>2</h1><p>{paragraph(1)}</p>")},
    links=[("One", "one.xhtml", 1), ("Two", "two.xhtml", 1)],
)
PDF = pdf_of(
    [column([paragraph(0)]), column([paragraph(1)])], marks=[Mark(title="One", page=0), Mark(title="Two", page=1)]
)
OPEN_PDF = pdf_of([column(["One line."])], marks=[Mark(title="One", page=0)], packed=False)


def survive(data: bytes, kind: Kind = "auto", limits: DocumentLimits = LIMITS) -> None:
    with suppress(*TYPED):
        read(data, kind=kind, limits=limits)


def cost_of(action: Callable[[], object]) -> int:
    """The most memory Python had at once, in bytes."""
    tracemalloc.start()
    try:
        action()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("data", [EPUB, PDF, OPEN_PDF], ids=["epub", "pdf", "open pdf"])
def test_files_cut_short_anywhere_are_read_or_refused(data: bytes) -> None:
    kind: Kind = "epub" if data is EPUB else "pdf"
    for length in range(0, len(data), 50):
        survive(data[:length], kind)


@pytest.mark.parametrize("data", [EPUB, PDF, OPEN_PDF], ids=["epub", "pdf", "open pdf"])
def test_files_with_bytes_changed_are_read_or_refused(data: bytes) -> None:
    chance = random.Random(5)
    for _ in range(150):
        damaged = bytearray(data)
        for _ in range(chance.randint(1, 6)):
            damaged[chance.randrange(len(data))] = chance.choice((0, 48, 57, 255, chance.randrange(256)))
        survive(bytes(damaged), "epub" if data is EPUB else "pdf")


@pytest.mark.parametrize("kind", KINDS)
@given(data=st.binary(max_size=400))
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_random_bytes_are_read_or_refused(kind: Kind, data: bytes) -> None:
    survive(data, kind)
    survive(b"%PDF-1.7\n" + data, kind)


MARKUP = [
    "<p>",
    "<b>",
    "</b>",
    "<li>",
    "<td>",
    "<tr>",
    "<pre>",
    "<code>",
    "<!--",
    "-->",
    "<![CDATA[",
    "]]>",
    "<a b='",
    "&#",
    ";",
    "a",
    " ",
]
MARKS = [
    "# ",
    "\n",
    "\n\n",
    "* ",
    "[",
    "](",
    ")",
    "`",
    "```\n",
    "> ",
    "| ",
    "---\n",
    "[^1]: ",
    "    ",
    "<b>",
    "\\",
    "a",
]


@given(parts=st.lists(st.sampled_from(MARKUP), max_size=60))
@settings(max_examples=80, deadline=None)
def test_any_row_of_tags_is_read_or_refused(parts: list[str]) -> None:
    survive("".join(parts).encode(), "html")
    survive(epub_of({"a.xhtml": "".join(parts)}), "epub")


@given(parts=st.lists(st.sampled_from(MARKS), max_size=60))
@settings(max_examples=80, deadline=None)
def test_any_row_of_marks_is_read_or_refused(parts: list[str]) -> None:
    survive("".join(parts).encode(), "markdown")


REPEATED = {
    "html": [
        "<",
        "<div>",
        "<b>",
        "<p>",
        "<p>x",
        "<td>",
        "<ul><li>",
        '<a b="',
        "<!--",
        "<script>",
        "&",
        "&#",
        "<i>x</b>",
        "<![CDATA[",
        "<!DOCTYPE [",
        "<pre>x<code></code>",
        "<b a=1>x<p>",
        "<sup><a>1</a></sup>",
        "<a " + "x=1 " * 20,
        "<table><tr><td>",
    ],
    "markdown": [
        "[",
        "![](",
        "*",
        "**a",
        "_a",
        "`",
        "``a",
        "> ",
        "- ",
        "  - a\n",
        "#",
        "| a ",
        "<",
        "<a ",
        "&",
        "\\",
        "[^a]: ",
        "a\n===\n",
        "[a]: b\n",
        "[a](",
        "1. ",
    ],
    "text": ["Chapter 1\n\n", "I\n\n", "\n", "Chapter ", "a\n", "I.\n\nII.\n\n"],
}


@pytest.mark.parametrize(("kind", "part"), [(kind, part) for kind, parts in REPEATED.items() for part in parts])
def test_much_of_the_same_takes_time_in_proportion(kind: Kind, part: str) -> None:
    data = part.encode() * (SAME_BYTES // len(part))
    begin = time.process_time()
    survive(data, kind)

    assert time.process_time() - begin < MOST_SEC


def test_a_mebibyte_of_nesting_is_refused_cheaply() -> None:
    markup = b"<div>" * (2**20 // 5)

    with pytest.raises(InvalidDocument, match="nested deeper than 512"):
        read(markup, kind="html")
    assert cost_of(lambda: survive(markup, "html")) < MOST_MEMORY_BYTES
    assert cost_of(lambda: survive(epub_of({"a.xhtml": markup.decode()}), "epub")) < MOST_MEMORY_BYTES


def test_formatting_left_open_is_not_copied_into_every_paragraph() -> None:
    markup = b"".join(b"<b a=%d>" % number for number in range(400)) + b"<p>x" * 5_000

    assert cost_of(lambda: survive(markup, "html")) < MOST_MEMORY_BYTES


def test_an_epub_packed_too_many_times_is_refused_before_it_is_unpacked() -> None:
    bomb = epub_of({"a.xhtml": page("<p>" + "a" * (16 * 2**20) + "</p>")})

    def refused() -> None:
        with pytest.raises(InvalidDocument, match="packed over 200 times"):
            read(bomb, limits=DocumentLimits())

    assert cost_of(refused) < 2**20


def test_what_an_epub_unpacks_to_in_all_has_a_limit() -> None:
    pages = {f"{number}.xhtml": page(f"<p>{'word ' * 20_000}</p>") for number in range(8)}

    with pytest.raises(TextTooLong, match="the EPUB's text is over the limit of 300000 bytes"):
        read(epub_of(pages), limits=DocumentLimits(max_text_bytes=300_000))


def test_a_file_that_lies_about_its_size_is_refused() -> None:
    data = bytearray(epub_of({"a.xhtml": page("<p>" + "word " * 300_000 + "</p>")}))
    with zipfile.ZipFile(io.BytesIO(bytes(data))) as archive:
        size = struct.pack("<L", archive.getinfo("OEBPS/a.xhtml").file_size)
    lying = bytes(data).replace(size, struct.pack("<L", 1_000))

    with pytest.raises(InvalidDocument, match="damaged"):
        read(lying)


@pytest.mark.parametrize("name", ["../evil.xhtml", "/etc/evil", "OEBPS/../../evil", "C:/evil", "a\\..\\evil"])
def test_names_that_lead_out_of_the_archive_are_refused(name: str) -> None:
    with pytest.raises(InvalidDocument, match="leads out of it"):
        read(epub_of({"a.xhtml": page("<p>A.</p>")}, more={name: "evil"}))


@pytest.mark.parametrize("target", ["../../../../etc/passwd", "/etc/passwd", "file:///etc/passwd", "http://localhost/"])
def test_references_out_of_the_archive_reach_nothing(target: str) -> None:
    with pytest.raises(InvalidDocument, match=r"incomplete|names no pages"):
        read(
            zip_of({"META-INF/container.xml": CONTAINER, "OEBPS/content.opf": package([target], linear={}, version=2)})
        )


def test_links_to_other_files_are_refused() -> None:
    buffer = io.BytesIO(EPUB)
    with zipfile.ZipFile(buffer, "a") as archive:
        link = zipfile.ZipInfo("OEBPS/link")
        link.external_attr = 0o120777 << 16
        archive.writestr(link, "/etc/passwd")

    with pytest.raises(InvalidDocument, match="a link to another file"):
        read(buffer.getvalue())


@pytest.mark.parametrize("packing", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_packings_that_epub_does_not_have_are_refused(packing: int) -> None:
    buffer = io.BytesIO(EPUB)
    with zipfile.ZipFile(buffer, "a") as archive:
        archive.writestr("OEBPS/b.xhtml", "b", compress_type=packing)

    with pytest.raises(InvalidDocument, match="packed in a way"):
        read(buffer.getvalue())


def test_an_archive_of_very_many_files_is_refused_before_they_are_listed() -> None:
    count = 60_000
    entry = struct.pack("<4s6H3L5H2L", b"PK\x01\x02", 20, 20, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0) + b"a"
    directory = entry * count
    data = directory + struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, count, count, len(directory), 0, 0)

    def refused() -> None:
        with pytest.raises(InvalidDocument, match="over 20000 files"):
            read(data)

    assert cost_of(refused) < 2**20


def test_a_page_that_a_spine_names_often_is_read_once() -> None:
    opf = package(["a.xhtml"], linear={}, version=2).replace("</spine>", '<itemref idref="p0"/>' * 5_000 + "</spine>")
    document = read(epub_of({"a.xhtml": page("<p>Once.</p>")}, more={"OEBPS/content.opf": opf}))

    assert document.chapters[0].text == "Once."


def test_expanding_entities_cost_nothing() -> None:
    entities = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
    bomb = f'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY l0 "lol">{entities}]>'
    opf = (
        package(["a.xhtml"], linear={}, version=2)
        .replace('<?xml version="1.0"?>', bomb)
        .replace("The &amp; Book", "&l9;")
    )
    data = epub_of({"a.xhtml": bomb + "<html><body><p>A &l9;.</p></body></html>"}, more={"OEBPS/content.opf": opf})

    assert cost_of(lambda: read(data)) < 2**20
    assert read(data).title == "&l9;"


def test_a_pdf_whose_page_unpacks_to_very_much_is_read_without_it() -> None:
    bomb = pdf_of([column(["A."])], extra=b" " * (64 * 2**20))

    def refused() -> None:
        with pytest.raises(InvalidDocument, match="none of its pages"):
            read(bomb, limits=LIMITS)

    assert cost_of(refused) < MOST_MEMORY_BYTES


def test_a_pdf_of_very_many_operators_is_read_without_that_page() -> None:
    bomb = pdf_of([column(["A."])], extra=b"1 0 0 1 0 0 cm q Q\n" * 50_000)

    with pytest.raises(InvalidDocument, match="none of its pages"):
        read(bomb)


def test_pages_that_contain_each_other_end() -> None:
    looped = OPEN_PDF.replace(b"/Kids [6 0 R]", b"/Kids [3 0 R]")

    assert looped != OPEN_PDF
    survive(looped, "pdf")


def test_bookmarks_that_follow_each_other_end() -> None:
    marks = [Mark(title="One", page=0), Mark(title="Two", page=0)]
    data = pdf_of([column(["One line."])], marks=marks, packed=False)
    looped = data.replace(b"/Prev 8 0 R", b"/Next 8 0 R")

    assert looped != data
    assert "One line." in read(looped, kind="pdf").chapters[-1].text


def test_streams_packed_many_times_over_are_read_or_refused() -> None:
    packed = zlib.compress(zlib.compress(zlib.compress(b" " * 2**26)))
    data = OPEN_PDF.replace(b"<< /Length ", b"<< /Filter [%s] /Length " % (b"/FlateDecode " * 3))
    stream_at = data.index(b"stream\n") + 7
    data = data[:stream_at] + packed + data[data.index(b"\nendstream") :]

    assert cost_of(lambda: survive(data, "pdf")) < MOST_MEMORY_BYTES
