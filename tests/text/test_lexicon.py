"""The lexicon: whole words in the caller's spelling, and a way back to where they stood."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.errors import TextTooLong
from worker.text.lexicon import Lexicon
from worker.text.passages import passages

LIMIT_CHARS = 100_000
ENTRIES = {"GIF": "jif", "gif": "giff", "New York": "noo york", "&": "and", "a b": "", "北京": "Beijing", "İ": "ee"}


def spoken(text: str, entries: dict[str, str], *, tags: tuple[str, ...] = ()) -> str:
    return Lexicon(entries, tags=tags).rewrite(text, limit_chars=LIMIT_CHARS).text


@pytest.mark.parametrize(
    ("text", "entries", "said"),
    [
        ("A GIF, and GIFs.", {"GIF": "jif"}, "A jif, and GIFs."),
        ("gif Gif GIF", {"gif": "jif"}, "jif jif jif"),
        ("polish Polish POLISH", {"Polish": "pole-ish"}, "polish pole-ish POLISH"),
        ("gif GIF", {"gif": "one", "GIF": "two"}, "one two"),
        ("New York, New", {"New": "noo", "New York": "the city"}, "the city, noo"),
        ("New\n  York", {"New York": "the city"}, "the city"),
        ("one two", {"one": "two", "two": "one"}, "two one"),
        ("Nguyễn Nguye\u0302\u0303n", {"Nguyễn": "win"}, "win win"),
        ("Nguye\u0302\u0303n", {"Nguye\u0302": "no"}, "Nguye\u0302\u0303n"),
        ("e\u0303GIF x\u200dGIF", {"GIF": "jif"}, "e\u0303GIF x\u200dGIF"),
        ("éGIF GIFé GIF1 xGIF", {"GIF": "jif"}, "éGIF GIFé GIF1 xGIF"),
        ("RunPod's _RunPod_ (RunPod)-RunPod", {"RunPod": "run pod"}, "run pod's _run pod_ (run pod)-run pod"),
        ("R&D & C++11", {"&": "and", "C++": "see plus plus"}, "R and D and see plus plus 11"),
        ("我在北京住", {"北京": "Beijing"}, "我在Beijing住"),
        ("런파드는", {"런파드": "런 팟"}, "런 팟는"),
        ("नमस्ते नमस", {"नमस": "X"}, "नमस्ते X"),
        ("laugh [laugh] [Laugh] [other laugh]", {"laugh": "laff"}, "laff [laugh] [Laugh] [other laff]"),
        (
            "pause [pause:1s] [pause] voice [voice:voice]",
            {"pause": "P", "voice": "V"},
            "P [pause:1s] [pause] V [voice:voice]",
        ),
        ("Wait. Go.", {"wait": "  hold on [pause:1s]  "}, "hold on [pause:1s]. Go."),
        ("um, well", {"um": ""}, ", well"),
        ("nothing here", {}, "nothing here"),
        ("kıl", {"kil": "x"}, "kıl"),
        ("", {"a": "b"}, ""),
    ],
)
def test_whole_words_are_replaced_and_nothing_else(text: str, entries: dict[str, str], said: str) -> None:
    assert spoken(text, entries, tags=("laugh",)) == said


def test_places_lead_back_to_the_source() -> None:
    source = "See the GIF in New York & go"
    rewriting = Lexicon(ENTRIES).rewrite(source, limit_chars=LIMIT_CHARS)
    assert rewriting.text == "See the jif in noo york and go"
    assert source[: rewriting.source_place(rewriting.text.index(" in"))] == "See the GIF"
    assert source[rewriting.source_place(rewriting.text.index("noo")) :] == "New York & go"
    assert source[rewriting.source_place(rewriting.text.index("york")) :] == " & go"  # inside new words, their end
    assert source[rewriting.source_place(rewriting.text.index(" go")) :] == " go"
    assert rewriting.source_place(len(rewriting.text)) == len(source)


@given(st.lists(st.sampled_from([*ENTRIES, "x", " ", ". ", "\n\n", "GIF", "a", "b"]), max_size=30).map("".join))
def test_spans_of_passages_together_are_the_whole_source(source: str) -> None:
    rewriting = Lexicon(ENTRIES).rewrite(source, limit_chars=LIMIT_CHARS)
    places = [rewriting.source_place(place) for place in range(len(rewriting.text) + 1)]
    assert places == sorted(places)
    assert places[0] == 0
    if not any(map(str.isalnum, rewriting.text)):
        return
    found = [
        rewriting.in_source(passage)
        for passage in passages(rewriting.text, language="en", target_chars=32, limit_chars=32)
    ]
    ends = [0, *(passage.end for passage in found)]
    assert [passage.start for passage in found] == ends[:-1]
    assert ends[-1] == len(source)


def test_a_text_that_its_lexicon_makes_too_long_is_refused() -> None:
    lexicon = Lexicon({"a": "b" * 200})
    assert len(lexicon.rewrite("a a", limit_chars=401).text) == 401
    with pytest.raises(TextTooLong) as caught:
        lexicon.rewrite("a a", limit_chars=400)
    assert caught.value.field == "lexicon"


def test_the_largest_lexicon_is_applied_to_the_longest_text_in_no_time() -> None:
    entries = {f"{'w' * (index % 50)}{index}": "x" for index in range(500)}
    began = time.monotonic()
    for text in (" ".join(entries) * 8, "w" * 50_000, "[voice" * 8000, "w " * 25_000):
        spoken(text, entries)
    assert time.monotonic() - began < 5
