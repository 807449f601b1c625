from __future__ import annotations

import pytest

from worker.text.cutting import Kind
from worker.text.natural_pauses import (
    CLAUSE_PAUSE_SEC,
    HEADING_PAUSE_SEC,
    ITEM_PAUSE_SEC,
    PARAGRAPH_PAUSE_SEC,
    SENTENCE_PAUSE_SEC,
    STRONG_CLAUSE_PAUSE_SEC,
    TRAILING_PAUSE_SEC,
    TURN_PAUSE_SEC,
    natural_pause_sec,
)


@pytest.mark.parametrize(
    ("before", "after", "pause_sec"),
    [
        ("# Chapter one\n\n", "It began.", HEADING_PAUSE_SEC),
        ("  ### Part\n", "# Chapter", HEADING_PAUSE_SEC),
        ("#hashtag\n\n", "It began.", PARAGRAPH_PAUSE_SEC),
        ("- eggs\n", "- milk", ITEM_PAUSE_SEC),
        ("9) eggs\n", "10) milk", ITEM_PAUSE_SEC),
        ("- milk\n\n", "That was all.", PARAGRAPH_PAUSE_SEC),
        ("It ended.\n\n", "- eggs", PARAGRAPH_PAUSE_SEC),
        ("It ended.\n\n", "Then.", PARAGRAPH_PAUSE_SEC),
    ],
)
def test_after_a_heading_it_is_silent_for_longer_and_between_items_for_shorter(
    before: str, after: str, pause_sec: float
) -> None:
    assert natural_pause_sec(Kind.PARAGRAPH, before, after) == pause_sec


@pytest.mark.parametrize(
    ("before", "after", "pause_sec"),
    [
        ("He left. ", "She stayed.", SENTENCE_PAUSE_SEC),
        ("« Où ? » ", "Là.", SENTENCE_PAUSE_SEC),
        ("他走了。", "她留下。", SENTENCE_PAUSE_SEC),
        ("He left… ", "She stayed.", TRAILING_PAUSE_SEC),
        ("“He left...” ", "She stayed.", TRAILING_PAUSE_SEC),
        ("彼は行った……」", "彼女は残った。", TRAILING_PAUSE_SEC),
        ("— Tu viens ?\n", "— Non.", TURN_PAUSE_SEC),
        ("– ¿Vienes?", "\n– No.", TURN_PAUSE_SEC),
        ("He left. ", "— She stayed.", SENTENCE_PAUSE_SEC),
        ("He left.\n", "She stayed.", SENTENCE_PAUSE_SEC),
    ],
)
def test_after_a_sentence_it_depends_on_how_it_ended_and_who_speaks_next(
    before: str, after: str, pause_sec: float
) -> None:
    assert natural_pause_sec(Kind.SENTENCE, before, after) == pause_sec


@pytest.mark.parametrize("mark", [",", "、", "，", "،", ",”"])
def test_a_comma_of_any_script_is_a_short_pause(mark: str) -> None:
    assert natural_pause_sec(Kind.CLAUSE, f"He left{mark} ", "she stayed") == CLAUSE_PAUSE_SEC


@pytest.mark.parametrize("mark", [";", ":", "；", "：", "؛", " —", ";»"])
def test_a_semicolon_colon_or_dash_of_any_script_is_a_longer_one(mark: str) -> None:
    assert natural_pause_sec(Kind.CLAUSE, f"He left{mark} ", "she stayed") == STRONG_CLAUSE_PAUSE_SEC


def test_where_a_sentence_is_cut_between_words_there_is_no_pause() -> None:
    assert natural_pause_sec(Kind.WORD, "He left, ", "she stayed") == 0.0
