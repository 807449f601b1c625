"""A source text as passages: nothing lost, nothing too long, silence where it belongs."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from worker.errors import EmptyText, InvalidRequest
from worker.text.natural_pauses import (
    CLAUSE_PAUSE_SEC,
    HEADING_PAUSE_SEC,
    ITEM_PAUSE_SEC,
    PARAGRAPH_PAUSE_SEC,
    SENTENCE_PAUSE_SEC,
)
from worker.text.normalise import normalise
from worker.text.passages import (
    Passage,
    passages,
)
from worker.text.pauses import DEFAULT_PAUSE_SEC

PIECES = st.sampled_from(
    [
        *(
            "Hello. ",
            "Dr. Smith ",
            "a",
            " ",
            "\n",
            "\n\n",
            "- item\n",
            "# Head\n",
            ", ",
            "; ",
            "[pause]",
            "[pause:1.5s]",
        ),
        *(
            "[x, y. Z](http://a.b/c)",
            "好。",
            "好的我们走吧",
            "はい、",
            "\ud800",
            "\udc00",
            "e\u0301\u0327",
            "👩‍👩‍👧",
            "12,345.67 ",
            "%",
            "...",
        ),
        *("\r\n", "| a | b |\n", "```\n", "M. ", "$5", "नमस्ते। ", "\u200d", "\x00", "\u2029", "loremipsumdolorsitamet"),
    ]
)
SOURCES = st.one_of(st.text(st.characters(), max_size=200), st.lists(PIECES, max_size=60).map("".join))


def split(source: str, *, target: int = 80, language: str = "en", limit: int = 120) -> list[Passage]:
    return passages(source, language=language, target_chars=target, limit_chars=limit)


def spoken(source: str, *, target: int = 80, language: str = "en") -> list[str]:
    return [passage.text for passage in split(source, target=target, language=language)]


def spans(source: str, found: list[Passage]) -> list[str]:
    return [source[passage.start : passage.end] for passage in found]


@settings(max_examples=400, deadline=None)
@given(SOURCES, st.sampled_from(["en", "fr", "ht", "zh", "xx", ""]), st.integers(1, 120), st.integers(32, 150))
def test_nothing_is_lost_and_nothing_is_too_long(source: str, language: str, target: int, limit: int) -> None:
    try:
        found = split(source, target=target, limit=limit, language=language)
    except EmptyText:
        assert not any(map(str.isalnum, normalise(source.replace("[pause]", ""), "xx").replace("[pause:1.5s]", "")))
        return
    assert "".join(spans(source, found)) == source
    assert (found[0].start, found[-1].end) == (0, len(source))
    assert all(passage.text.strip() and len(passage.text) <= limit for passage in found)
    assert all(passage.lead_sec == 0 for passage in found[1:])


@settings(max_examples=100, deadline=None)
@given(st.lists(PIECES, max_size=40).map("".join), st.integers(1, 100))
def test_silence_of_tags_is_never_lost(source: str, target: int) -> None:
    asked_sec = source.count("[pause]") * DEFAULT_PAUSE_SEC + source.count("[pause:1.5s]") * 1.5
    try:
        found = split(f"{source} end", target=target)
    except EmptyText:
        return
    assert found[0].lead_sec + sum(passage.pause_sec for passage in found) >= asked_sec - 1e-6


def test_sentences_are_packed_into_one_breath() -> None:
    assert spoken("One. Two. Three. Four.", target=12) == ["One. Two.", "Three. Four."]


def test_a_long_sentence_is_cut_after_a_clause() -> None:
    found = split("The quick brown fox jumps, and the lazy dog sleeps all day.", target=40)
    assert [passage.text for passage in found] == ["The quick brown fox jumps,", "and the lazy dog sleeps all day."]
    assert found[0].pause_sec == CLAUSE_PAUSE_SEC


def test_a_clause_without_marks_is_cut_between_words() -> None:
    found = split("one thousand words without a single mark", target=20)
    assert [passage.text for passage in found] == ["one thousand words", "without a single", "mark"]
    assert [passage.pause_sec for passage in found] == [0, 0, 0]


def test_chinese_is_cut_after_its_own_marks() -> None:
    assert spoken("我们走吧，天气很好；明天见。再见！", target=6, language="zh") == [
        "我们走吧，",
        "天气很好；",
        "明天见。",
        "再见！",
    ]


def test_a_letter_keeps_its_marks_when_a_word_is_cut() -> None:
    letter = "x\u0301\u0302"
    found = passages(
        letter * 40, language="en", target_chars=32, limit_chars=32, normalise=lambda text, _: text.replace(" ", "")
    )
    assert all(text.startswith("x") for text in spans(letter * 40, found))


def test_a_family_emoji_is_not_torn_apart() -> None:
    source = "ab👩‍👩‍👧" * 8
    assert all(text[0] in "ab👩" for text in spans(source, split(source, target=9)))


def test_what_grows_when_it_is_spoken_is_cut_again() -> None:
    found = split("777,777 " * 6, target=40, limit=60)
    assert all(len(passage.text) <= 60 for passage in found)
    assert len(found) > 6


def test_a_web_address_may_end_a_sentence() -> None:
    assert spoken("Visit www.example.com. Then go.", target=32) == ["Visit www dot example dot com.", "Then go."]


def test_a_link_that_fits_when_spoken_is_not_cut() -> None:
    source = "Read the [long. long, long text](https://example.com/very/long/address) now."
    assert " ".join(spoken(source, target=30)) == "Read the long. long, long text now."


def test_paragraphs_headings_and_items_end_with_a_longer_pause() -> None:
    found = split("# Title\nOne. Two\nthree.\n\nFour.\n- five\n- six\nSeven.")
    assert [passage.text for passage in found] == ["Title", "One. Two three.", "Four.", "five", "six", "Seven."]
    assert [passage.pause_sec for passage in found] == [
        HEADING_PAUSE_SEC,
        PARAGRAPH_PAUSE_SEC,
        PARAGRAPH_PAUSE_SEC,
        ITEM_PAUSE_SEC,
        PARAGRAPH_PAUSE_SEC,
        0,
    ]


def test_sentences_that_do_not_fit_together_are_a_pause_apart() -> None:
    assert [passage.pause_sec for passage in split("One two. Three four.", target=12)] == [SENTENCE_PAUSE_SEC, 0]


@pytest.mark.parametrize(
    ("source", "lead_sec", "pauses_sec"),
    [
        ("One [pause:1.5s] two", 0, [1.5, 0]),
        ("One [pause:500ms] two", 0, [0.5, 0]),
        ("One [PAUSE] two", 0, [DEFAULT_PAUSE_SEC, 0]),
        ("One [pause:1s][pause:2s]\n[pause:1s] two", 0, [4, 0]),
        ("[pause:2s] One", 2, [0]),
        ("[pause:2s] ... [pause:1s] One", 3, [0]),
        ("One [pause:3s]", 0, [3]),
        ("One [pause:3s] !", 0, [3]),
        ("One. [pause:100ms] Two.", 0, [SENTENCE_PAUSE_SEC, 0]),
        ("One.\n\n[pause:100ms]\n\nTwo.", 0, [PARAGRAPH_PAUSE_SEC, 0]),
        ("One.\n\n[pause:1s]\n\nTwo.", 0, [1, 0]),
        ("One [pause:60s] two", 0, [60, 0]),
    ],
)
def test_a_tag_is_silence_at_its_place(source: str, lead_sec: float, pauses_sec: list[float]) -> None:
    found = split(source)
    assert found[0].lead_sec == lead_sec
    assert [passage.pause_sec for passage in found] == pauses_sec
    assert "pause" not in " ".join(passage.text.lower() for passage in found)


@pytest.mark.parametrize(
    "tag",
    [
        "[pause:abc]",
        "[pause:]",
        "[pause:1]",
        "[pause:-1s]",
        "[pause:61s]",
        "[pause:99999999ms]",
        "[pause:1s",
        "[pause:",
    ],
)
def test_a_tag_that_cannot_be_kept_says_what_to_write(tag: str) -> None:
    with pytest.raises(InvalidRequest, match=r"Write \[pause:") as caught:
        split(f"secret {tag} words")
    assert caught.value.field == "text"
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("source", ["", "  \n", "...", "😀😀", "[pause:2s]", "***", "\u200b\ud800", "# \n- \n"])
def test_a_text_with_nothing_to_say_is_an_error(source: str) -> None:
    with pytest.raises(EmptyText, match="nothing to speak") as caught:
        split(source)
    assert caught.value.field == "text"


@pytest.mark.parametrize(("target", "limit"), [(0, 100), (10, 31)])
def test_a_limit_too_small_for_one_sign_is_refused(target: int, limit: int) -> None:
    with pytest.raises(ValueError, match="limit_chars"):
        split("word", target=target, limit=limit)


def _counting() -> tuple[Callable[[str, str], str], list[int]]:
    lengths: list[int] = []

    def say(text: str, language: str) -> str:
        lengths.append(len(text))
        return " ".join(text.split())

    return say, lengths


@pytest.mark.parametrize(
    "unit", ["word ", "a", "好", "好。", "One. ", "a, ", "[pause]a ", "“a. ", "\n- a", "\n", "a\u0301", "1"]
)
def test_each_character_is_spoken_a_bounded_number_of_times(unit: str) -> None:
    say, lengths = _counting()
    source = "x" + unit * (60_000 // len(unit))
    passages(source, language="fr", target_chars=280, limit_chars=400, normalise=say)
    assert sum(lengths) <= 2 * len(source)


def test_growth_costs_a_few_more_calls_at_most() -> None:
    say, lengths = _counting()
    source = "7" * 20_000
    passages(source, language="en", target_chars=280, limit_chars=400, normalise=lambda text, tag: say(text, tag) * 10)
    assert sum(lengths) <= 6 * len(source)
