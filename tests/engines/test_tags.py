"""Tags are spelled as the tokenizer has them, or taken out, and what is none is told without the caller's text."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.engines.tags import TAGS, stripped, tags_in

REPOSITORY = Path(__file__).parents[2]
NONE: frozenset[str] = frozenset()
BRACKETS = st.lists(st.sampled_from([*TAGS, "[", "]", " ", "laff", "a", "[laugh]", ".", "\n"]), max_size=12).map(
    "".join
)


@pytest.mark.parametrize("tag", sorted(TAGS))
@pytest.mark.parametrize("spelling", ["[{}]", "[ {} ]", "[\t{}\n]"])
def test_every_tag_is_known_in_any_case_and_with_any_blanks(tag: str, spelling: str) -> None:
    written = spelling.format(tag.upper().replace(" ", " \u00a0 "))
    assert tags_in(f"Well {written} yes.").known == (tag,)
    assert stripped(f"Well {written} yes.", TAGS).text == f"Well [{tag}] yes."
    assert stripped(f"Well {written} yes.", TAGS).count == 0
    assert stripped(f"Well {written} yes.", NONE).text == "Well yes."
    assert stripped(f"Well {written} yes.", NONE).count == 1


@pytest.mark.parametrize(
    ("text", "left", "count"),
    [
        ("Well [laugh].", "Well.", 1),
        ("Well [laugh], yes", "Well, yes", 1),
        ("[laugh] Hi", "Hi", 1),
        ("Hi [laugh]", "Hi", 1),
        ("Hi[laugh]there", "Hi there", 1),
        ("[laugh][sigh] Hi [Cough]", "Hi", 3),
        ("[laugh]", "", 1),
        ("Two  blanks", "Two  blanks", 0),
        (" [1] [see there] [laff] ", " [1] [see there] [laff] ", 0),
        ("[[laugh]]", "[]", 1),
        ("[laugh", "[laugh", 0),
        ("你好[laugh]。", "你好。", 1),
    ],
)
def test_members_without_tags_get_the_text_around_them(text: str, left: str, count: int) -> None:
    assert (stripped(text, NONE).text, stripped(text, NONE).count) == (left, count)


def test_a_member_keeps_its_own_tags_only() -> None:
    left = stripped("[LAUGH] ha [sigh] oh", frozenset({"laugh"}))
    assert (left.text, left.count) == ("[laugh] ha oh", 1)


def test_tags_are_told_in_order_each_time_they_occur() -> None:
    assert tags_in("[sigh] a [laugh] b [Sigh]").known == ("sigh", "laugh", "sigh")


@pytest.mark.parametrize(
    ("text", "warning"),
    [
        ("[laff]", "unknown tag 'laff' is read aloud; did you mean 'laugh'?"),
        ("[clear_throat]", "unknown tag 'clear_throat' is read aloud; did you mean 'clear throat'?"),
        ("[Zzz]", "unknown tag 'zzz' is read aloud"),
        ("[clear  thraot]", "unknown tag is read aloud; did you mean 'clear throat'?"),
    ],
)
def test_a_word_meant_as_a_tag_is_told_with_the_one_it_may_mean(text: str, warning: str) -> None:
    assert [unknown.warning for unknown in tags_in(text).unknown] == [warning]


def test_a_mistake_made_twice_is_told_once() -> None:
    assert len(tags_in("[laff] and [Laff] and [ laff ]").unknown) == 1


@pytest.mark.parametrize("text", ["[1]", "[see page 7]", "[...]", "[]", "[ ]", "[смех]", f"[{'q' * 21}]", "[" * 50])
def test_brackets_that_are_no_tag_are_not_told(text: str) -> None:
    assert tags_in(text).unknown == ()


def test_a_message_repeats_a_short_word_at_most() -> None:
    told = tags_in("[the laugh of the year] [laughing-17-times] [clear my throat]").unknown
    assert [unknown.warning for unknown in told] == ["unknown tag is read aloud; did you mean 'clear throat'?"]


@given(BRACKETS)
def test_what_was_stripped_holds_no_tag_of_those_it_was_stripped_of(text: str) -> None:
    kept = stripped(text, TAGS)
    assert kept.count == 0
    assert stripped(kept.text, TAGS) == kept
    assert stripped(text, NONE).count == len(tags_in(text).known)


@given(st.text(max_size=60).filter(lambda text: "[" not in text))
def test_a_text_without_brackets_stays_as_it_is(text: str) -> None:
    assert stripped(text, NONE).text == text


@pytest.mark.parametrize("piece", ["[", "[a", "[ ", "]", "[laugh]", "[laff]", "[a" + " " * 30])
def test_the_time_grows_with_the_text_only(piece: str) -> None:
    text = piece * (100_000 // len(piece))
    before = time.perf_counter()
    tags_in(text)
    stripped(text, NONE)
    assert time.perf_counter() - before < 5


def test_tags_come_without_torch() -> None:
    package = "worker.engines.chatterbox.text"
    code = f"import sys, worker.engines.tags, {package}.budget, {package}.punctuation; print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], cwd=REPOSITORY, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
