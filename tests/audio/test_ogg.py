"""Ogg files: the same audio is the same file, and it is a sound one."""

from __future__ import annotations

import io
import itertools
import struct

import numpy as np
import pytest
import soundfile

from worker.audio.clip import Clip
from worker.audio.encode import encode_file, encoded
from worker.audio.ogg import CHECKSUM_AT, MAGIC, SERIAL, SERIAL_AT, OggOutbox, checksum

RATE = 24_000


def clips() -> list[Clip]:
    noise = 0.2 * np.random.default_rng(1).standard_normal(5 * RATE).astype(np.float32)
    return [Clip(samples=part, sample_rate=RATE) for part in np.array_split(noise, 7)]


def file(name: str) -> bytes:
    into = io.BytesIO()
    encode_file(clips(), name, sample_rate=RATE, into=into)
    return into.getvalue()


def pages(data: bytes) -> list[bytes]:
    starts = [at for at in range(len(data)) if data.startswith(MAGIC, at)]
    return [data[start:end] for start, end in itertools.pairwise([*starts, len(data)])]


def test_the_checksum_is_that_of_the_format() -> None:
    # Of the catalogue of CRCs at https://reveng.sourceforge.io/crc-catalogue/17plus.htm: CRC-32/MPEG-2 with init 0.
    assert checksum(b"") == 0
    assert checksum(b"\x01") == 0x04C11DB7
    assert checksum(b"\x00\x01") == 0x04C11DB7


@pytest.mark.parametrize("name", ["ogg", "opus"])
def test_the_same_audio_is_the_same_file(name: str) -> None:
    assert file(name) == file(name)


@pytest.mark.parametrize("name", ["ogg", "opus"])
def test_every_page_has_our_serial_number_and_its_checksum(name: str) -> None:
    found = pages(file(name))
    assert len(found) > 3
    for page in found:
        assert struct.unpack_from("<I", page, SERIAL_AT) == (SERIAL,)
        blank = page[:CHECKSUM_AT] + bytes(4) + page[CHECKSUM_AT + 4 :]
        assert struct.unpack_from("<I", page, CHECKSUM_AT) == (checksum(blank),)


@pytest.mark.parametrize("name", ["ogg", "opus"])
def test_streamed_and_whole_are_the_same_bytes_and_decode_to_the_right_length(name: str) -> None:
    whole = file(name)
    assert b"".join(encoded(clips(), name, sample_rate=RATE)) == whole
    assert soundfile.info(io.BytesIO(whole)).frames == 5 * RATE


@pytest.mark.parametrize("step", [1, 13, 1000])
def test_pages_come_out_whole_however_they_come_in(step: int) -> None:
    whole, outbox, out = file("ogg"), OggOutbox(), []
    for start in range(0, len(whole), step):
        outbox.write(whole[start : start + step])
        for piece in outbox.taken():
            assert piece.offset == sum(map(len, out))
            assert piece.data.startswith(MAGIC)
            out.append(piece.data)
    assert b"".join(out) == whole
