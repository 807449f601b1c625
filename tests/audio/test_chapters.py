"""Chapter marks: read back by a parser of their own, and in the way of no player."""

from __future__ import annotations

import io
import struct
from dataclasses import dataclass

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st

from tests.audio.signals import tone
from worker.audio.chapters import MOST_MARKS, Behind, Mark, MarkedFile, cue_sheet, id3_chapters
from worker.audio.encode import encode_file

SAMPLE_RATE = 22_050


@dataclass
class Chapter:
    title: str
    start_ms: int
    end_ms: int


def frames(data: bytes) -> list[tuple[str, bytes]]:
    """ID3v2.3 frames up to the padding."""
    found, at = [], 0
    while at + 10 <= len(data) and data[at]:
        name, size, flags = struct.unpack_from(">4sIH", data, at)
        assert flags == 0
        found.append((name.decode("ascii"), data[at + 10 : at + 10 + size]))
        at += 10 + size
    assert not any(data[at:])
    return found


def read_tag(data: bytes) -> tuple[list[str], dict[str, Chapter], int]:
    """The order of the table of contents, the chapters by their ids, and the tag's length."""
    assert data[:6] == b"ID3\x03\x00\x00"
    assert all(byte < 0x80 for byte in data[6:10])
    size = sum(byte << shift for byte, shift in zip(data[6:10], (21, 14, 7, 0), strict=True))
    order: list[str] = []
    chapters = {}
    for name, body in frames(data[10 : 10 + size]):
        key, _, rest = body.partition(b"\0")
        if name == "CTOC":
            assert rest[0] == 3
            order = rest[2:].decode("ascii").split("\0")[:-1]
            assert len(order) == rest[1]
        else:
            assert name == "CHAP"
            start, end, *offsets = struct.unpack(">IIII", rest[:16])
            assert offsets == [0xFFFFFFFF] * 2
            ((inner, title),) = frames(rest[16:])
            assert inner == "TIT2"
            assert title[0] == 1
            chapters[key.decode("ascii")] = Chapter(title[1:].decode("utf-16"), start, end)
    return order, chapters, 10 + size


marks = st.lists(
    st.builds(
        Mark,
        title=st.text(st.characters(exclude_categories=["Cs", "Cc", "Z"]), min_size=1, max_size=20),
        start_sec=st.floats(0, 1e6),
        end_sec=st.floats(0, 1e6),
    ),
    max_size=20,
)


@given(marks)
def test_what_is_written_is_read(given_marks: list[Mark]) -> None:
    order, chapters, _ = read_tag(id3_chapters(given_marks))
    assert [chapters[key].title for key in order] == [mark.title for mark in given_marks]
    assert [chapters[key].start_ms for key in order] == [round(mark.start_sec * 1000) for mark in given_marks]
    assert [chapters[key].end_ms for key in order] == [round(mark.end_sec * 1000) for mark in given_marks]


@given(marks, st.integers(0, 20))
def test_a_tag_without_times_holds_the_place_of_one_with_fewer_marks(given_marks: list[Mark], count: int) -> None:
    place = id3_chapters([Mark(title=mark.title) for mark in given_marks])
    final = id3_chapters(given_marks[:count], size_bytes=len(place))
    assert len(final) == len(place)
    assert len(read_tag(final)[0]) == min(count, len(given_marks))


def test_more_marks_than_a_table_has_room_for_end_with_the_last_that_has() -> None:
    order, chapters, _ = read_tag(id3_chapters([Mark(title=str(number)) for number in range(300)]))
    assert len(order) == len(chapters) == MOST_MARKS
    assert chapters[order[-1]].title == "254"


def test_marks_that_outgrow_their_place_are_an_error() -> None:
    with pytest.raises(ValueError, match="bytes"):
        id3_chapters([Mark(title="long title")], size_bytes=40)


@pytest.mark.parametrize("count", [1, 40, 255])
def test_a_marked_mp3_plays_as_the_bare_one(count: int) -> None:
    clip = tone(440, 3.0, SAMPLE_RATE)
    bare, marked = io.BytesIO(), io.BytesIO()
    encode_file([clip], "mp3", sample_rate=SAMPLE_RATE, into=bare)
    head = id3_chapters([Mark(title=f"Chapter {number} é風") for number in range(count)])
    marked.write(head)
    encode_file([clip], "mp3", sample_rate=SAMPLE_RATE, into=Behind(marked, len(head)))
    marked.seek(0)
    marked.write(id3_chapters([Mark(title=f"Chapter {number} é風", start_sec=number) for number in range(count)]))
    assert marked.getvalue()[len(head) :] == bare.getvalue()
    _, _, size = read_tag(marked.getvalue())
    assert marked.getvalue()[size] == 0xFF  # the first frame's sync
    assert marked.getvalue()[size + 1] & 0xE0 == 0xE0
    bare.seek(0)
    marked.seek(0)
    assert np.array_equal(soundfile.read(marked)[0], soundfile.read(bare)[0])


def test_a_cue_sheet_numbers_through_all_files() -> None:
    files = [
        MarkedFile(name="book-001.mp3", marks=(Mark(title='The "Start"'), Mark(title="Then", start_sec=61.51))),
        MarkedFile(name="book-002.mp3", marks=(Mark(title="End\nof it", start_sec=6000.02),)),
    ]
    assert cue_sheet(files, title="Book", performer="Somebody").splitlines() == [
        'PERFORMER "Somebody"',
        'TITLE "Book"',
        'FILE "book-001.mp3" MP3',
        "  TRACK 01 AUDIO",
        "    TITLE \"The 'Start'\"",
        "    INDEX 01 00:00:00",
        "  TRACK 02 AUDIO",
        '    TITLE "Then"',
        "    INDEX 01 01:01:38",
        'FILE "book-002.mp3" MP3',
        "  TRACK 03 AUDIO",
        '    TITLE "End of it"',
        "    INDEX 01 100:00:02",
    ]


def test_other_files_are_told_as_sound() -> None:
    assert 'FILE "a.flac" WAVE' in cue_sheet([MarkedFile(name="a.flac", marks=())])
