from __future__ import annotations

import pytest

from tests.documents.prose import check_read_once, paragraph, text_of
from worker.documents.read import read
from worker.errors import InvalidDocument


def said(markup: str) -> str:
    return text_of(read(markup.encode(), kind="html"))


def test_a_page_says_its_title_author_language_and_chapters() -> None:
    document = read(
        f"""<!DOCTYPE html><html lang="pt-BR"><head><meta charset="utf-8"><title>A &amp; B</title>
        <meta name="author" content="Ann"></head><body><h1>Book</h1><h2>One</h2><p>{paragraph(0)}</p>
        <h3>Aside</h3><p>{paragraph(1)}<h2>Two</h2><div>{paragraph(2)}</div></body></html>""".encode()
    )

    assert (document.title, document.author, document.language) == ("A & B", "Ann", "pt-BR")
    assert [chapter.title for chapter in document.chapters] == ["One", "Two"]
    check_read_once(document, 9)


@pytest.mark.parametrize(
    "unsaid",
    [
        "<script>if (a < b) x('</p>')</script>",
        "<style>p { color: red }</style>",
        "<nav><ul><li>Home</ul></nav>",
        "<aside><p>Ad</p></aside>",
        "<footer>Imprint</footer>",
        "<p hidden>No</p>",
        '<div aria-hidden="true">No <b>no</b></div>',
        '<div style="display: none">No</div>',
        "<template><p>No</p></template>",
        "<noscript>No</noscript>",
        "<svg><title>No</title><text>No</text></svg>",
        "<button>No</button><select><option>No<option>No</select><textarea>No</textarea>",
        "<!-- No -->",
        "<![CDATA[No]]>",
        '<p role="doc-endnote">No</p>',
        '<p hidden>No<p style="visibility:hidden">No',
        "<math><mi>x</mi></math>",
    ],
)
def test_what_a_reader_does_not_see_or_want_is_left_out(unsaid: str) -> None:
    assert said(f"<p>Before.</p>{unsaid}<p>After.</p>") == "Before.\n\nAfter."


def test_captions_are_read_where_they_stand() -> None:
    assert said('<p>A.</p><figure><img src="x" alt="pic"><figcaption>A boat.</figcaption></figure><p>B.') == (
        "A.\n\nA boat.\n\nB."
    )


def test_a_heading_that_is_a_picture_is_called_what_the_picture_is() -> None:
    document = read(b'<h1><img src=1 alt="Chapter One"></h1><p>A.<h1>Chapter Two</h1><p>B.', kind="html")

    assert [chapter.title for chapter in document.chapters] == ["Chapter One", "Chapter Two"]


def test_breaks_are_lines_and_two_of_them_a_paragraph() -> None:
    assert said("<p>One <br> two<br/>three<br><br>four</p>") == "One\ntwo\nthree\n\nfour"


def test_entities_are_characters_and_white_space_is_one_space() -> None:
    assert said("<p>Caf&eacute;\n\t &#8212; &lt;b&gt; &amp;amp; AT&T&hellip;") == "Café — <b> &amp; AT&T…"


def test_tables_are_read_row_by_row() -> None:
    assert said("<table><tr><th>Name<th>Age<tr><td> Ann </td> <td>40</td><tr><td>He left.<td>Soon.</table>") == (
        "Name, Age\n\nAnn, 40\n\nHe left. Soon."
    )


def test_items_are_paragraphs_and_those_of_ordered_lists_have_their_number() -> None:
    assert said('<ul><li>a<ul><li>b</ul><li>c</ul><ol start="3"><li>d<li value="7"><p>e<li>f</ol>') == (
        "a\n\nb\n\nc\n\n3. d\n\n7. e\n\n8. f"
    )


def test_marks_of_notes_are_left_out_and_other_superscripts_stay() -> None:
    assert said('<p>So<sup><a href="#n">12</a></sup> it is 10<sup>5</sup>.') == "So it is 105."


def test_words_with_markup_inside_stay_whole() -> None:
    assert said("<p><b>D</b>rop c<i>a</i>p, soft&shy;ly <a href=x>li</a>nked") == "Drop cap, softly linked"


def test_a_poem_keeps_its_lines_and_code_is_left_out() -> None:
    document = read(b"<pre>Two\n  lines</pre><pre><code>x = 1</code></pre><p><code>word</code> stays", kind="html")

    assert text_of(document) == "Two\nlines\n\nword stays"
    assert document.warnings == ("1 code block was left out",)


def test_text_that_only_looks_like_a_tag_is_text() -> None:
    assert said("<p>1 < 2 and 3 > 2, <3 you") == "1 < 2 and 3 > 2, <3 you"


@pytest.mark.parametrize("declared", ["iso-8859-1", "windows-1252"])
def test_the_declared_encoding_is_used(declared: str) -> None:
    assert "Café" in text_of(read(f'<meta charset="{declared}"><p>Café'.encode(declared), kind="html"))


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"<p>Caf\xe9", "is not UTF-8"),
        (b'<meta charset="utf-8"><p>Caf\xe9', "is not UTF-8"),
        (b'<meta charset="punycode"><p>a', "'punycode', which is not read here"),
        (b'<meta charset="utf-7"><p>a', "'utf-7', which is not read here"),
    ],
)
def test_other_encodings_are_refused(data: bytes, message: str) -> None:
    with pytest.raises(InvalidDocument, match=message):
        read(data, kind="html")


def test_utf_16_is_read_whatever_it_declares() -> None:
    assert "Café" in text_of(read('<meta charset="utf-16"><p>Café'.encode("utf-16"), kind="html"))
