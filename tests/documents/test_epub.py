from __future__ import annotations

import pytest

from tests.documents.epub_file import LOCKED, OBFUSCATED_FONT, Links, epub_of, page, zip_of
from tests.documents.prose import check_read_once, paragraph, text_of
from worker.documents.read import read
from worker.errors import InvalidDocument

PAGES = {
    "front.xhtml": page("<p>For my mother.</p>"),
    "one.xhtml": page(f"<h2>1</h2><p>{paragraph(0)}</p>"),
    "two.xhtml": page(f"<h2>2</h2><p>{paragraph(1)}</p>"),
    "more.xhtml": page(f"<p>{paragraph(2)}</p>"),
}
LINKS: Links = [("The Storm", "one.xhtml", 1), ("The &amp; Calm", "two.xhtml", 1)]


@pytest.mark.parametrize("version", [2, 3])
def test_a_book_has_the_chapters_of_its_table_of_contents(version: int) -> None:
    document = read(epub_of(PAGES, links=LINKS, version=version))

    assert (document.title, document.author, document.language) == ("The & Book", "Ann Author", "en-GB")
    assert [chapter.title for chapter in document.chapters] == [None, "The Storm", "The & Calm"]
    assert document.chapters[2].text == f"2\n\n{paragraph(1)}\n\n{paragraph(2)}"
    check_read_once(document, 9)


@pytest.mark.parametrize("version", [2, 3])
def test_chapters_may_begin_within_a_file(version: int) -> None:
    pages = {"all.xhtml": page(f'<h2 id="a">A</h2><p>{paragraph(0)}</p><a id="b"/><h2>B</h2><p>{paragraph(1)}</p>')}
    document = read(epub_of(pages, links=[("A", "all.xhtml#a", 1), ("B", "all.xhtml#b", 1)], version=version))

    assert [chapter.text for chapter in document.chapters] == [f"A\n\n{paragraph(0)}", f"B\n\n{paragraph(1)}"]


@pytest.mark.parametrize("version", [2, 3])
def test_chapters_of_parts_are_chapters_and_sections_of_chapters_are_not(version: int) -> None:
    pages = {
        "part1.xhtml": page("<h1>Part One</h1>"),
        "one.xhtml": page(f'<h2>1</h2><p>{paragraph(0)}</p><h3 id="s">Section</h3><p>{paragraph(1)}</p>'),
        "part2.xhtml": page("<h1>Part Two</h1>"),
        "two.xhtml": page(f"<h2>2</h2><p>{paragraph(2)}</p>"),
    }
    links: Links = [
        ("Part One", "part1.xhtml", 1),
        ("Dawn", "one.xhtml", 2),
        ("Section", "one.xhtml#s", 3),
        ("Part Two", "part2.xhtml", 1),
        ("Dusk", "two.xhtml", 2),
    ]
    document = read(epub_of(pages, links=links, version=version))

    assert [chapter.title for chapter in document.chapters] == ["Dawn", "Dusk"]
    assert document.chapters[1].text.startswith("Part Two\n\n2\n\n")
    check_read_once(document, 9)


def test_a_book_without_a_table_of_contents_has_the_chapters_of_its_headings() -> None:
    document = read(epub_of(PAGES))

    assert [chapter.title for chapter in document.chapters] == [None, "1", "2"]
    check_read_once(document, 9)


def test_the_order_is_that_of_the_spine() -> None:
    document = read(epub_of({name: PAGES[name] for name in ("two.xhtml", "one.xhtml")}, links=LINKS))

    assert [chapter.title for chapter in document.chapters] == ["The & Calm", "The Storm"]


def test_pages_out_of_line_navigation_page_numbers_and_notes_are_left_out() -> None:
    pages = {
        "cover.xhtml": page("<p>Cover</p>"),
        "nav.xhtml": page('<nav epub:type="toc"><ol><li><a href="one.xhtml">One</a></li></ol></nav>'),
        "toc.xhtml": page('<section epub:type="toc"><p>Contents</p></section>'),
        "one.xhtml": page(
            '<p>Sea<span epub:type="pagebreak">12</span>side<a epub:type="noteref" href="#n">3</a>.</p>'
            '<aside epub:type="footnote" id="n">Note.</aside>'
        ),
    }
    document = read(epub_of(pages, linear={"cover.xhtml": "no"}))

    assert text_of(document) == "Seaside."
    assert document.warnings == ("1 note was left out",)


def test_empty_elements_of_xhtml_do_not_swallow_the_page() -> None:
    markup = "<html><head><title/><script src='a.js'/></head><body><p/><p>A <b/>b.</p></body></html>"

    assert text_of(read(epub_of({"a.xhtml": markup}))) == "A b."


def test_names_with_spaces_and_folders_are_found() -> None:
    data = epub_of({"text/Chapter%20One.xhtml": ""}, more={"OEBPS/text/Chapter One.xhtml": page("<p>Found.</p>")})

    assert text_of(read(data)) == "Found."


def test_a_book_with_obfuscated_fonts_is_read_and_a_locked_one_refused() -> None:
    assert read(epub_of(PAGES, more={"META-INF/encryption.xml": OBFUSCATED_FONT}))
    with pytest.raises(InvalidDocument, match="DRM"):
        read(epub_of(PAGES, more={"META-INF/encryption.xml": LOCKED}))


def test_another_archive_is_refused() -> None:
    with pytest.raises(InvalidDocument, match="no EPUB"):
        read(zip_of({"word/document.xml": "<w:document/>"}))


def test_entities_that_the_book_declares_are_not_expanded() -> None:
    bomb = '<!DOCTYPE html [<!ENTITY a "lol"><!ENTITY b "&a;&a;&a;"><!ENTITY c SYSTEM "file:///etc/passwd">]>'
    document = read(epub_of({"a.xhtml": f"<?xml version='1.0'?>{bomb}<html><body><p>A &b; &c; b.</p></body></html>"}))

    assert text_of(document) == "A &b; &c; b."
