from __future__ import annotations

import pytest

from tests.documents.prose import check_read_once, paragraph, text_of
from worker.documents.limits import DocumentLimits
from worker.documents.read import read
from worker.errors import TextTooLong


def said(source: str) -> str:
    return text_of(read(source.encode(), kind="markdown"))


def test_chapters_are_the_highest_headings_that_occur_twice_and_the_one_above_is_the_title() -> None:
    source = f"# Book\n\n## One\n\n{paragraph(0)}\n\n### Aside\n\n{paragraph(1)}\n\nTwo\n---\n\n{paragraph(2)}\n"
    document = read(source.encode(), kind="markdown")

    assert document.title == "Book"
    assert [chapter.title for chapter in document.chapters] == ["One", "Two"]
    assert document.chapters[0].text == f"Book\n\nOne\n\n{paragraph(0)}\n\nAside\n\n{paragraph(1)}"
    check_read_once(document, 9)


def test_an_introduction_before_the_first_chapter_is_one_of_its_own() -> None:
    document = read(b"# Book\n\nHello.\n\n## One\n\nA.\n\n## Two\n\nB.", kind="markdown")

    assert [chapter.title for chapter in document.chapters] == ["Book", "One", "Two"]


def test_a_single_heading_is_the_title_of_the_one_chapter() -> None:
    document = read(b"# Book\n\nHello.", kind="markdown")

    assert (document.title, document.chapters[0].title) == ("Book", "Book")


def test_markers_links_and_wrapped_lines_leave_their_words() -> None:
    source = "Some *soft* and **loud** words,\n`code`, [a link](http://x.y), [another][1] and <http://z.y>.\n\n[1]: http://q.y"
    assert said(source) == "Some soft and loud words, code, a link, another and http://z.y."


def test_tags_of_engines_and_pauses_stay() -> None:
    assert said("Oh [laugh] dear [pause:1s] me.") == "Oh [laugh] dear [pause:1s] me."


def test_tables_are_read_row_by_row() -> None:
    assert said("| a | b |\n|---|---|\n| One. | two |") == "a, b\n\nOne. two"


def test_items_are_paragraphs_and_numbered_ones_keep_their_number() -> None:
    assert said("- a\n- [x] b\n  - c\n\n3. d\n4. e") == "a\n\nb\n\nc\n\n3. d\n\n4. e"


def test_code_blocks_pictures_and_notes_are_left_out_with_a_warning() -> None:
    source = "A[^1] ![pic](x.png) b.\n\n```py\nx = 1\n```\n\n    y = 2\n\n[^1]: The note.\n    More of it.\n\nEnd."
    document = read(source.encode(), kind="markdown")

    assert text_of(document) == "A b.\n\nEnd."
    assert document.warnings == ("2 code blocks were left out", "1 picture was left out", "1 note was left out")


def test_front_matter_says_title_author_and_language_and_is_not_read() -> None:
    document = read(b'---\ntitle: "The: Book"\nauthor: Ann\nlang: fr\ntags: [a]\n---\n\n# H\n\nText.', kind="markdown")

    assert (document.title, document.author, document.language) == ("The: Book", "Ann", "fr")
    assert text_of(document) == "H\n\nText."


def test_a_rule_at_the_beginning_is_no_front_matter() -> None:
    assert said("---\n\nA.\n\n---\n\nB.").endswith("B.")


def test_markdown_has_a_limit_of_its_own() -> None:
    with pytest.raises(TextTooLong, match="send it as plain text"):
        read(b"word " * 100, kind="markdown", limits=DocumentLimits(max_markdown_bytes=100))


def test_long_markdown_is_read_in_parts_with_the_links_of_the_whole() -> None:
    parts = [f"## Part {number}\n\n{paragraph(number)} [Link {number}][a]\n" for number in range(300)]
    source = "\n".join(parts) + "\n```\nx\n\ny" + "\n\nz" * 20_000 + "\n```\n\n[a]: http://x.y\n"
    document = read(source.encode(), kind="markdown")

    check_read_once(document, 900)
    assert document.chapters[0].text.endswith("Link 0")
    assert document.warnings == ("1 code block was left out",)


def test_a_paragraph_has_a_limit() -> None:
    with pytest.raises(TextTooLong, match="over 262144 characters: send it as plain text"):
        read(b"*a* " * 70_000, kind="markdown")
