"""Captions: three forms of the same cues."""

from __future__ import annotations

import json
import re

import pytest

from worker.audio.clip import Word
from worker.text.captions import Cue, captions

CUES = [
    Cue(
        start_sec=0.0,
        end_sec=1.25,
        text=" Hello\n\nthere. ",
        words=(Word(text="Hello", start_sec=0.1),),
        speaker="Anna",
    ),
    Cue(start_sec=3661.5, end_sec=3662.0, text="1 < 2 & 3 > 2", speaker="R&D <v\nBot>"),
    Cue(start_sec=3662.0, end_sec=3663.0, text="Nobody in particular."),
]


def test_srt_begins_lines_with_the_speaker() -> None:
    assert captions(CUES, "srt") == (
        "1\n00:00:00,000 --> 00:00:01,250\nAnna: Hello there.\n\n"
        "2\n01:01:01,500 --> 01:01:02,000\nR&D <v Bot>: 1 < 2 & 3 > 2\n\n"
        "3\n01:01:02,000 --> 01:01:03,000\nNobody in particular.\n"
    )


def test_vtt_has_voice_spans_that_no_name_and_no_text_breaks() -> None:
    text = captions(CUES, "vtt")
    assert text.startswith("WEBVTT\n\n00:00:00.000 --> 00:00:01.250\n<v Anna>Hello there.\n\n")
    lines = [block.split("\n")[1] for block in text.split("\n\n")[1:]]
    spans = [re.fullmatch(r"(?:<v ([^<>\n]+)>)?([^<>\n]*)\n?", line) for line in lines]
    assert [span and span[1] for span in spans] == ["Anna", "R&amp;D &lt;v Bot&gt;", None]
    assert spans[1] is not None
    assert spans[1][2] == "1 &lt; 2 &amp; 3 &gt; 2"


def test_json_names_the_speaker_where_there_is_one() -> None:
    first, second, third = json.loads(captions(CUES, "json"))
    assert first == {
        "start_sec": 0.0,
        "end_sec": 1.25,
        "text": "Hello there.",
        "speaker": "Anna",
        "words": [{"text": "Hello", "start_sec": 0.1}],
    }
    assert second["speaker"] == "R&D <v Bot>"
    assert "speaker" not in third


@pytest.mark.parametrize("form", ["srt", "vtt", "json"])
def test_a_speaker_of_blanks_or_halves_of_characters_is_none(form: str) -> None:
    cue = Cue(start_sec=0.0, end_sec=1.0, text="Hi \ud800there.", speaker=" \udc00\n")
    bare = Cue(start_sec=0.0, end_sec=1.0, text="Hi there.")
    assert captions([cue], form) == captions([bare], form)
    captions([cue], form).encode()
