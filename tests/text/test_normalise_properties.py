"""What holds for every text, however hostile."""

from __future__ import annotations

import re
import time
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from worker.text.normalise import normalise
from worker.text.spoken.catalog import language_of, variety_of
from worker.text.spoken.rules import rules_of

TAGS = ["en", "en-GB", "fr", "fr-CH", "es", "es-MX", "de", "ht", "it", "pt-BR", "ja", "ru", "ar", "zh", "", "x-\ud800"]
ANY_TEXT = st.text(st.characters(), max_size=80)
MARKS = st.text("0123456789.,:/-+$€%°hékmGM½stºª & =*_`[]()<>#|\n'’@aeIXV", max_size=60)
HOSTILE = [
    *(
        "[",
        "]",
        "(",
        "*",
        "_",
        "`",
        "<",
        ">",
        "#",
        "|",
        "1",
        ",",
        ".",
        "1.",
        "1,",
        "1 ",
        "-",
        "$",
        "+",
        "&",
        "=",
        "a",
        "@",
    ),
    *(
        "a.",
        "a@",
        "[](",
        "[a](",
        "<b ",
        "<b a=",
        "1:",
        "1/",
        "111 ",
        "111,",
        "½",
        "+1 ",
        "http://",
        "www.",
        "a-",
        "IV ",
    ),
    *(
        "\u0301",
        "a\u0301",
        "\u0327\u0301",
        "\U0001f600",
        "\u200d",
        "\n",
        "\n- ",
        " ",
        "M. ",
        "\ud800",
        "1er ",
        "> ",
        "\\",
    ),
]


def _seconds(work: Callable[[str, str], object], text: str, tag: str) -> float:
    start = time.process_time()
    work(text, tag)
    return time.process_time() - start


@settings(max_examples=300, deadline=None)
@given(st.one_of(ANY_TEXT, MARKS), st.sampled_from(TAGS))
def test_any_text_in_any_language_is_spoken_on_one_clean_line(text: str, tag: str) -> None:
    spoken = normalise(text, tag)
    assert spoken == " ".join(spoken.split())
    assert not re.search("[\x00-\x1f\ud800-\udfff\ufeff]", spoken)


@settings(max_examples=100, deadline=None)
@given(ANY_TEXT, st.text(max_size=12))
def test_no_language_tag_breaks_it(text: str, tag: str) -> None:
    normalise(text, tag)


@given(
    st.lists(st.text("abcdefghijklmnopqrstuvwxyzéèàòñüß", min_size=2, max_size=12), max_size=8), st.sampled_from(TAGS)
)
def test_plain_words_stay_as_they_are(words: list[str], tag: str) -> None:
    assert normalise(" ".join(words), tag) == " ".join(words)


@settings(max_examples=200, deadline=None)
@given(MARKS, st.sampled_from(["en", "fr", "es", "de", "ht"]))
def test_no_digit_is_left_for_the_engine(text: str, tag: str) -> None:
    assert not re.search("[0-9]", normalise(text, tag))


@pytest.mark.parametrize("written", ["$12.50 at 3 p.m., e.g. 5 km", "Dr. Smith, 20/11/2026, 1/2 etc."])
def test_spoken_text_is_not_changed_again(written: str) -> None:
    once = normalise(written, "en")
    assert normalise(once, "en") == once


@pytest.mark.parametrize("unit", HOSTILE)
def test_twice_the_text_takes_about_twice_as_long(unit: str) -> None:
    normalise(unit, "en")
    small, large = unit * (6_000 // len(unit)), unit * (48_000 // len(unit))
    # Eight times the text: linear takes 8 times as long, quadratic 64; the floor hides the clock's noise.
    assert _seconds(normalise, large, "en") < 24 * max(_seconds(normalise, small, "en"), 0.004)


def _match_all(text: str, tag: str) -> None:
    for rule in rules_of(language_of(tag)):
        rule.pattern.subn("", text)


@pytest.mark.parametrize("unit", HOSTILE)
def test_no_pattern_looks_back_at_what_it_has_seen(unit: str) -> None:
    small, large = unit * (3_000 // len(unit)), unit * (48_000 // len(unit))
    # Sixteen times the text: quadratic takes 256 times as long.
    assert _seconds(_match_all, large, "ht") < 48 * max(_seconds(_match_all, small, "ht"), 0.002)


@pytest.mark.parametrize("tag", ["fr", "ht", "de"])
def test_space_between_thousands_does_not_make_it_slow(tag: str) -> None:
    text = "111 " * 12_000
    assert _seconds(normalise, text, tag) < 24 * max(_seconds(normalise, text[:6_000], tag), 0.004)


def test_a_caller_cannot_fill_the_memory_with_tags() -> None:
    assert {variety_of(f"en-x{number}") for number in range(100)} == {"en"}
