"""Chinese characters are spelled by their keys, as upstream's converter does."""

from __future__ import annotations

from unittest.mock import patch

import pytest
from chatterbox.models.tokenizers.tokenizer import ChineseCangjieConverter
from hypothesis import given
from hypothesis import strategies as st

from worker.engines.chatterbox.text.cangjie import spelled, spellings


def test_keys_become_tokens_and_later_characters_of_the_same_keys_are_numbered() -> None:
    tokens = spellings(["日\ta", "曰\ta", "明\tab\tmore"])
    assert tokens == {"日": "[cj_a][cj_.]", "曰": "[cj_a][cj_1][cj_.]", "明": "[cj_a][cj_b][cj_.]"}
    assert spelled("日, x曰?", tokens) == "[cj_a][cj_.], x[cj_a][cj_1][cj_.]?"


@pytest.mark.parametrize("entry", ["", "日", "日 a"])
def test_an_entry_without_keys_is_refused(entry: str) -> None:
    with pytest.raises(ValueError, match="unpack"):
        spellings(["月\tb", entry])


@given(
    st.lists(st.tuples(st.sampled_from("日曰明a、한か!"), st.sampled_from(["a", "b", "ab", "xyz"])), max_size=12),
    st.text("日曰明a、한か! \n月", max_size=12),
)
def test_any_table_is_read_as_upstream_reads_it(table: list[tuple[str, str]], text: str) -> None:
    entries = [f"{character}\t{keys}" for character, keys in table]
    with patch.object(ChineseCangjieConverter, "_load_cangjie_mapping"):
        theirs = ChineseCangjieConverter()
    for character, keys in table:
        theirs.word2cj[character] = keys
        theirs.cj2word.setdefault(keys, []).append(character)
    assert spelled(text, spellings(entries)) == theirs(text)
