"""Blocks: however a text is taken apart, its passages are those of the whole."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from worker.errors import InvalidRequest
from worker.text import blocks as module
from worker.text.blocks import LONGEST_BLOCK_CHARS, blocks, passages_by_block
from worker.text.passages import Passage, passages

HOW = {"language": "en", "target_chars": 120, "limit_chars": 240}

sentence = st.lists(st.sampled_from(["wind", "sea", "Dr. Hall", "1,234", "road", "café"]), min_size=1, max_size=12).map(
    lambda words: " ".join(words).capitalize() + "."
)
paragraph = st.one_of(
    st.lists(sentence, min_size=1, max_size=6).map(" ".join),
    st.sampled_from(["* * *", "# A heading", "- an item\n- another", "[pause:1s] Then.", "So. [pause:2s]"]),
)
text = st.lists(paragraph, min_size=1, max_size=20).map("\n\n".join).filter(lambda text: any(map(str.isalnum, text)))


def spoken(found: list[Passage]) -> list[tuple[str, float, float]]:
    return [(passage.text, round(passage.lead_sec, 6), round(passage.pause_sec, 6)) for passage in found]


@settings(max_examples=40, deadline=None)
@given(text)
def test_passages_by_block_are_those_of_the_whole(source: str) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "BLOCK_CHARS", 200)
        found = list(passages_by_block(source, **HOW))
    assert spoken(found) == spoken(passages(source, **HOW))
    spans = [(passage.start, passage.end) for passage in found]
    assert spans[0][0] == 0
    assert spans[-1][1] == len(source)
    assert all(before[1] == after[0] for before, after in pairwise(spans))


def test_silent_blocks_lengthen_the_pause_before_them() -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "BLOCK_CHARS", 10)
        found = list(passages_by_block("[pause:1s]\n\nOne.\n\n[pause:2s]\n\n* * * * *\n\n[pause:3s] Two.", **HOW))
    assert spoken(found) == [("One.", 1.0, 5.0), ("Two.", 0.0, 0.0)]


@pytest.mark.parametrize(
    "source",
    ["word " * 15_000, "A sentence. " * 6_000, "x" * 70_000, "風が吹いた。" * 12_000, "a [b " * 15_000],
    ids=["words", "sentences", "letters", "japanese", "brackets"],
)
def test_a_text_without_paragraphs_is_cut_all_the_same(source: str) -> None:
    found = list(blocks(source, "en"))
    assert "".join(source[block.start : block.end] for block in found) == source
    assert max(block.end - block.start for block in found) <= LONGEST_BLOCK_CHARS
    assert min(block.end - block.start for block in found[:-1]) > 8_000


def test_no_block_ends_inside_a_tag() -> None:
    for shift in range(0, 60, 3):
        source = "x" * (LONGEST_BLOCK_CHARS - 30 + shift) + " [pause: 1.5 s] " + "y" * 20_000
        assert not any(source[block.start : block.end].rstrip().endswith("1.5") for block in blocks(source, "en"))
        assert sum(p.pause_sec for p in passages_by_block(source, **HOW)) == pytest.approx(1.5)


def test_a_wrong_tag_is_refused_wherever_it_stands() -> None:
    with pytest.raises(InvalidRequest):
        list(passages_by_block("One. \n\n" * 4_000 + "[pause:soon]", **HOW))


def test_passages_come_before_the_text_is_read_to_its_end() -> None:
    source = "One two three. \n\n" * 200_000
    first = next(iter(passages_by_block(source + "[pause:soon]", **HOW)))
    assert first.text == "One two three."
