"""A caption file written cue by cue is the one that is written at once."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.audio.clip import Word
from worker.text.caption_file import CaptionFile
from worker.text.captions import Cue, captions

cues = st.lists(
    st.builds(
        Cue,
        start_sec=st.floats(0, 10_000),
        end_sec=st.floats(0, 10_000),
        text=st.text(max_size=30),
        words=st.lists(st.builds(Word, text=st.text(max_size=5), start_sec=st.floats(0, 9)), max_size=2).map(tuple),
    ),
    max_size=12,
)


@pytest.mark.parametrize("form", ["srt", "vtt", "json"])
@given(given_cues=cues)
def test_piece_by_piece_it_is_the_same_file(form: str, given_cues: list[Cue]) -> None:
    written = bytearray()
    file = CaptionFile(written.extend, form)
    for cue in given_cues:
        file.add(cue)
    file.close()
    assert written.decode() == captions(given_cues, form)
