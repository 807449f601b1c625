from __future__ import annotations

import io
import textwrap

import pytest
from pypdf import PdfReader, PdfWriter

from tests.documents.pdf_file import Mark, Text, column, pdf_of
from tests.documents.prose import check_read_once, paragraph, text_of
from worker.documents.limits import DocumentLimits
from worker.documents.read import read
from worker.errors import InvalidDocument, TextTooLong

WIDTH = 70


def wrapped(number: int) -> list[str]:
    return textwrap.wrap(paragraph(number), WIDTH)


def page_of(*numbers: int) -> list[Text]:
    """A page of paragraphs with a gap between them."""
    return column([line for number in numbers for line in [*wrapped(number), ""]])


def running(page: list[Text], number: int, header: str = "THE BOOK") -> list[Text]:
    return [Text(text=header, y=800.0), *page, Text(text=str(number), x=290.0, y=40.0)]


def said(*pages: list[Text]) -> str:
    return text_of(read(pdf_of(pages)))


def test_lines_become_paragraphs_again() -> None:
    document = read(pdf_of([page_of(0, 1), page_of(2, 3)], title="The Book", author="Ann"))

    assert (document.title, document.author, document.language) == ("The Book", "Ann", "en-GB")
    assert document.chapters[0].text == "\n\n".join(paragraph(number) for number in range(4))
    check_read_once(document, 12)


def test_paragraphs_marked_by_indents_alone_are_found() -> None:
    first, second = wrapped(0), wrapped(1)
    lines = column([*first, *second])
    indented = [
        Text(text=line.text, x=90.0 if line.text in (first[0], second[0]) else 72.0, y=line.y) for line in lines
    ]

    assert said(indented) == f"{paragraph(0)}\n\n{paragraph(1)}"


def test_a_paragraph_that_goes_on_overleaf_is_one() -> None:
    lines = wrapped(0)

    assert said(column(lines[:2]), column(lines[2:])) == paragraph(0)


def test_words_divided_at_line_ends_are_whole_again_and_compounds_keep_their_hyphen() -> None:
    lines = ["A well-known man told extraordi-", "nary stories to his well-", "known friends from Stratford-", "Upon."]

    assert said(column(lines)) == (
        "A well-known man told extraordinary stories to his well-known friends from Stratford- Upon."
    )


def test_running_headers_and_page_numbers_are_left_out() -> None:
    document = read(pdf_of([running(page_of(number), number + 1) for number in range(6)]))

    assert text_of(document) == "\n\n".join(paragraph(number) for number in range(6))


def test_headers_that_alternate_and_change_with_the_chapter_are_left_out() -> None:
    headers = ["ANN AUTHOR" if number % 2 else f"{'STORM' if number < 6 else 'CALM'}" for number in range(12)]
    pages = [running(page_of(number), number + 41, header) for number, header in enumerate(headers)]

    assert text_of(read(pdf_of(pages))) == "\n\n".join(paragraph(number) for number in range(12))


def test_headers_with_the_number_of_the_page_are_left_out() -> None:
    headers = [f"Section {'abcdef'[number]} {number + 7}" for number in range(6)]
    pages = [[Text(text=header, y=800.0), *page_of(number)] for number, header in enumerate(headers)]

    assert "Section" not in text_of(read(pdf_of(pages)))


def test_a_heading_with_the_number_of_its_page_stays() -> None:
    pages = [running(page_of(number), number + 1) for number in range(4)]
    pages[1].insert(1, Text(text="2 The Storm", y=740.0, size=18.0))

    assert "2 The Storm" in text_of(read(pdf_of(pages)))


def test_columns_are_read_one_after_the_other_even_if_drawn_across() -> None:
    left, right = textwrap.wrap(paragraph(0), 30), textwrap.wrap(paragraph(1), 30)
    one, two = column(left), column(right, x=320.0)
    footer_first = [Text(text="Drawn last.", y=100.0)]

    assert said(one + two) == f"{paragraph(0)}\n\n{paragraph(1)}"
    assert said(footer_first + two + one) == f"{paragraph(0)}\n\nDrawn last.\n\n{paragraph(1)}"


def test_lines_drawn_out_of_order_are_read_from_the_top() -> None:
    assert said(page_of(0, 1)[::-1]) == f"{paragraph(0)}\n\n{paragraph(1)}"


def test_bookmarks_are_chapters() -> None:
    one, two = [Text(text="The Storm", y=730.0, size=16.0)], [Text(text="The Calm", y=730.0, size=16.0)]
    marks = [Mark(title="The Storm", page=0, below=(Mark(title="Night", page=1),)), Mark(title="The Calm", page=2)]
    document = read(pdf_of([[*one, *page_of(0)], page_of(1), [*two, *page_of(2)]], marks=marks))

    assert [chapter.title for chapter in document.chapters] == ["The Storm", "The Calm"]
    assert document.chapters[1].text == f"The Calm\n\n{paragraph(2)}"
    check_read_once(document, 9)


def test_two_bookmarks_on_a_page_are_told_apart_by_their_titles() -> None:
    lines = column(["One", "", *wrapped(0), "", "Two", "", *wrapped(1)])
    document = read(pdf_of([lines], marks=[Mark(title="One", page=0), Mark(title="Two", page=0)]))

    assert [chapter.text for chapter in document.chapters] == [f"One\n\n{paragraph(0)}", f"Two\n\n{paragraph(1)}"]


def test_without_bookmarks_headings_in_words_are_chapters() -> None:
    pages = [[Text(text=f"Chapter {number + 1}", y=730.0), *page_of(number)] for number in range(3)]

    assert [chapter.title for chapter in read(pdf_of(pages)).chapters] == ["Chapter 1", "Chapter 2", "Chapter 3"]


def test_without_either_headings_in_larger_type_are_chapters() -> None:
    pages = [[Text(text=title, y=730.0, size=18.0), *page_of(n)] for n, title in enumerate(("Storm", "Calm"))]

    assert [chapter.title for chapter in read(pdf_of(pages)).chapters] == ["Storm", "Calm"]


def test_titles_that_programs_write_are_none() -> None:
    assert read(pdf_of([page_of(0)], title="Microsoft Word - draft.docx")).title is None


def test_a_scan_is_refused_with_advice() -> None:
    with pytest.raises(InvalidDocument, match="OCR"):
        read(pdf_of([[], []]))


def test_pages_without_text_are_counted() -> None:
    assert read(pdf_of([page_of(0), []])).warnings == (
        "1 of 2 pages hold no text: blank, or scanned without text recognition",
    )


@pytest.mark.parametrize("algorithm", ["RC4-128", "AES-256"])
def test_a_locked_file_is_refused_and_one_open_to_read_is_read(algorithm: str) -> None:
    def locked(password: str) -> bytes:
        writer = PdfWriter(clone_from=PdfReader(io.BytesIO(pdf_of([page_of(0)]))))
        writer.encrypt(password, password.upper() or "owner", algorithm=algorithm)
        buffer = io.BytesIO()
        writer.write(buffer)
        return buffer.getvalue()

    assert text_of(read(locked(""))) == paragraph(0)
    with pytest.raises(InvalidDocument, match="password"):
        read(locked("secret"))


def test_pages_have_a_limit() -> None:
    with pytest.raises(TextTooLong, match="3 pages, over the limit of 2"):
        read(pdf_of([page_of(0)] * 3), limits=DocumentLimits(max_pages=2))


def test_what_pages_unpack_to_has_a_limit() -> None:
    data = pdf_of([page_of(number) for number in range(3)], extra=b" " * 100_000)

    with pytest.raises(TextTooLong, match="unpack to over 200000 bytes"):
        read(data, limits=DocumentLimits(max_text_bytes=200_000))
