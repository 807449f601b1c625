"""Punctuation is upstream's, but for the sentence that upstream says of nothing and for Turbo's quotes."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from chatterbox import mtl_tts, tts, tts_turbo
from hypothesis import example, given
from hypothesis import strategies as st

from worker.engines.chatterbox.member import MEMBERS
from worker.engines.chatterbox.text.punctuation import punctuated
from worker.errors import EmptyText

UPSTREAM: dict[str, Callable[[str], str]] = {
    "original": tts.punc_norm,
    "multilingual": mtl_tts.punc_norm,
    "multilingual-v2": mtl_tts.punc_norm,
    "turbo": tts_turbo.punc_norm,
    "nano": tts_turbo.punc_norm,
}
QUOTES = str.maketrans(dict.fromkeys('"“”'))
MARKS = st.text(" \n.…:;,-—–!?'‘’、，。？！aßİ[]", max_size=30)
TEXTS = [
    *("hello", "Hello...world", "a - b", "a; b", "wait… what", "one: two", "a — b – c", "‘quoted’", "straße", "ßa"),
    *(" indented", "trailing ", "end,", "end-", "end…", "end...", "a , b", "多少？", "、", "ﬁne", "ǆabc", "\n\tx\r\ny"),
    *("[laugh]", "a....b", " - ", "a -  - b", "..", "!", "-", "—", "\u00a0x\u3000y", "x\u200b", "你好，世界。"),
]


@pytest.mark.parametrize("name", MEMBERS)
@pytest.mark.parametrize("text", TEXTS)
def test_a_text_is_punctuated_as_upstream_does(name: str, text: str) -> None:
    assert punctuated(text, MEMBERS[name]) == UPSTREAM[name](text)


@pytest.mark.parametrize("name", MEMBERS)
@given(text=st.text(max_size=60) | MARKS)
@example(text='say "hi"')
def test_any_text_is_punctuated_as_upstream_does(name: str, text: str) -> None:
    text = text.translate(QUOTES) if MEMBERS[name].tags else text
    if text.strip():
        assert punctuated(text, MEMBERS[name]) == UPSTREAM[name](text)


@pytest.mark.parametrize("name", MEMBERS)
@pytest.mark.parametrize("text", ["", " ", "\n\t", "\u3000\u00a0"])
def test_nothing_is_said_of_a_blank_text(name: str, text: str) -> None:
    with pytest.raises(EmptyText):
        punctuated(text, MEMBERS[name])


@pytest.mark.parametrize("name", ["turbo", "nano"])
@pytest.mark.parametrize(
    ("text", "read"),
    [
        ('She said "hello."', "She said hello."),
        ("“hello” there", "Hello there."),
        ('a " b', "A b."),
        ("it's ‘so’", "It's 'so'."),
        ('5"x7"', "5x7."),
    ],
)
def test_members_that_sigh_at_double_quotes_get_none(name: str, text: str, read: str) -> None:
    assert punctuated(text, MEMBERS[name]) == read


@pytest.mark.parametrize("name", ["turbo", "nano"])
def test_nothing_but_quotes_is_blank(name: str) -> None:
    with pytest.raises(EmptyText):
        punctuated('“ "', MEMBERS[name])


@pytest.mark.parametrize("name", ["original", "multilingual"])
def test_members_that_read_quotes_keep_them(name: str) -> None:
    assert punctuated("“hi”", MEMBERS[name]) == '"hi".'
