from __future__ import annotations

import codecs
import textwrap

import pytest

from tests.documents.prose import check_read_once, paragraph
from worker.documents.read import read
from worker.errors import EmptyText, InvalidDocument


def book(*headings: str) -> bytes:
    return "\n\n".join(f"{heading}\n\n{paragraph(n)}" for n, heading in enumerate(headings)).encode()


@pytest.mark.parametrize(
    "headings",
    [
        ("Chapter 1", "Chapter 2"),
        ("CHAPTER ONE", "CHAPTER TWENTY-ONE"),
        ("CHAPTER 1. Loomings.", "CHAPTER 2. The Carpet-Bag."),
        ("Chapter IV: The End", "Epilogue"),
        ("Kapitel 3", "Kapitel 4 Die Reise"),
        ("Erstes Kapitel", "Zweites Kapitel"),
        ("Chapitre premier", "Chapitre II – La mer"),
        ("Chapit 2", "Chapit twa"),
        ("Part II", "Part III"),
        ("Capítulo primero", "Capítulo vinte e um"),
        ("Capitolo 1", "Parte seconda"),
        ("I", "II"),
        ("I. A Scandal in Bohemia", "II. The Red-Headed League"),
    ],
)
def test_headings_that_stand_alone_begin_chapters(headings: tuple[str, str]) -> None:
    document = read(book(*headings), kind="text")

    assert tuple(chapter.title for chapter in document.chapters) == headings
    assert document.chapters[0].text == f"{headings[0]}\n\n{paragraph(0)}"
    check_read_once(document, 6)


def test_what_stands_before_the_first_heading_is_a_chapter_without_a_title() -> None:
    document = read(b"For my mother.\n\n" + book("Chapter 1", "Chapter 2"), kind="text")

    assert [chapter.title for chapter in document.chapters] == [None, "Chapter 1", "Chapter 2"]


def test_a_part_is_said_as_its_first_chapter_begins() -> None:
    document = read(b"PART ONE\n\n" + book("Chapter 1", "Chapter 2"), kind="text")

    assert [chapter.title for chapter in document.chapters] == ["Chapter 1", "Chapter 2"]
    assert document.chapters[0].text.startswith("PART ONE\n\nChapter 1\n\n")


def test_a_table_of_contents_makes_no_chapters() -> None:
    contents = "\n\n".join(f"Chapter {number}" for number in range(1, 6))
    document = read(f"Contents\n\n{contents}\n\n".encode() + book("Chapter 1", "Chapter 2"), kind="text")

    assert [chapter.title for chapter in document.chapters] == [None, "Chapter 1", "Chapter 2"]


@pytest.mark.parametrize(
    "line",
    ["Chapter 3 was the best of them.", "Part of the plan", "Introduction to algebra is fun", "Teil 2 Wir gingen los."],
)
def test_prose_that_begins_like_a_heading_is_none(line: str) -> None:
    document = read(f"{line}\n\n{paragraph(0)}\n\n{line}\n\n{paragraph(1)}".encode(), kind="text")

    assert len(document.chapters) == 1


def test_one_heading_alone_makes_no_chapters() -> None:
    assert [chapter.title for chapter in read(book("Chapter 1"), kind="text").chapters] == [None]


def test_roman_numerals_out_of_order_make_no_chapters() -> None:
    assert len(read(book("I", "V"), kind="text").chapters) == 1


def test_lines_of_wrapped_text_stay_lines_of_one_paragraph() -> None:
    wrapped = "\n\n".join(textwrap.fill(paragraph(number), 60) for number in range(4))
    document = read(wrapped.replace("\n", "\r\n").encode(), kind="text")

    assert document.chapters[0].text == wrapped
    check_read_once(document, 12)


def test_each_line_is_a_paragraph_where_lines_are_not_wrapped() -> None:
    document = read("\n".join(paragraph(number) for number in range(4)).encode(), kind="text")

    assert document.chapters[0].text == "\n\n".join(paragraph(number) for number in range(4))


@pytest.mark.parametrize(
    ("mark", "encoding"),
    [
        (b"", "utf-8"),
        (codecs.BOM_UTF8, "utf-8"),
        (codecs.BOM_UTF16_LE, "utf-16-le"),
        (codecs.BOM_UTF16_BE, "utf-16-be"),
        (codecs.BOM_UTF32_LE, "utf-32-le"),
        (codecs.BOM_UTF32_BE, "utf-32-be"),
    ],
)
def test_marked_encodings_and_utf_8_are_read(mark: bytes, encoding: str) -> None:
    document = read(mark + "Élan vital. Ève dòmi.".encode(encoding), kind="text")

    assert document.chapters[0].text == "Élan vital. Ève dòmi."


def test_another_encoding_is_refused_by_name() -> None:
    with pytest.raises(InvalidDocument, match=r"encoding is not UTF-8, as byte 3 shows: save it as UTF-8"):
        read("Café".encode("latin-1"), kind="text")


def test_binary_data_is_refused() -> None:
    with pytest.raises(InvalidDocument, match="binary data"):
        read(b"a\x00b", kind="text")


@pytest.mark.parametrize("data", [b"", b" \n\n ", b"* * *"])
def test_a_text_without_words_is_refused(data: bytes) -> None:
    with pytest.raises(EmptyText):
        read(data)
