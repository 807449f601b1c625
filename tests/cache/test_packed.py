from __future__ import annotations

import hashlib
import json
import struct

import numpy as np
import pytest

from tests.cache.entries import VERDICT, entry, noise, same, utterance
from worker.audio.clip import Word
from worker.cache import packed
from worker.cache.entry import Entry
from worker.cache.key import key_of
from worker.cache.packed import CHECKSUM_BYTES, Corrupt, pack, unpack
from worker.engines.base import Verdict
from worker.engines.espeak.engine import EspeakEngine
from worker.jobs.context import Worker

KEY = key_of(utterance(), "1")
SPECIAL = np.array([0.0, -0.0, 1e-45, -1e-38, 1.0, -1.0, 1 / 3, np.nextafter(np.float32(1), np.float32(0))], np.float32)
SIXTEEN_BIT = np.arange(-32768, 32768, dtype=np.float32) / np.float32(32768)

ENTRIES = {
    "noise": entry(),
    "several clips": entry(noise(3), noise(1), noise(10)),
    "clip without samples": entry(noise(0), noise(5), noise(0)),
    "no samples at all": entry(noise(0)),
    "no clips": Entry(clips=(), verdict=VERDICT, made_at=0.0),
    "special numbers": entry(SPECIAL),
    "beyond full scale": entry(SPECIAL * 4),
    "not a number": entry(np.array([np.nan, np.inf, -np.inf], np.float32)),
    "every 16-bit number": entry(SIXTEEN_BIT),
    "silence": entry(np.zeros(9, np.float32)),
    "minus zero": entry(-np.zeros(9, np.float32)),
    "full scale": entry(np.ones(9, np.float32)),
    "words": entry(words=(Word(text='né\ud800\0"', start_sec=0.1), Word(text="", start_sec=1e-9))),
    "plain verdict": entry(verdict=Verdict(seed=0, engine="x")),
    "time": entry(made_at=1785500000.123456),
}


@pytest.mark.parametrize("name", ENTRIES)
def test_an_entry_comes_back_to_the_last_bit(name: str) -> None:
    assert same(unpack(pack(ENTRIES[name], KEY), KEY), ENTRIES[name])


def test_what_espeak_says_takes_two_bytes_a_sample_and_comes_back_to_the_last_bit(worker: Worker) -> None:
    engine = worker.engines["espeak"]
    assert isinstance(engine, EspeakEngine)
    take = engine.submit(utterance("Hello there, how are you?", engine="espeak", voice=engine.voices[0]))
    said = Entry(clips=tuple(take), verdict=take.verdict, made_at=1.0)
    data = pack(said, KEY)
    assert same(unpack(data, KEY), said)
    assert len(data) < 2 * len(said.clips[0].samples) + 1000


def test_samples_of_an_entry_cannot_be_changed() -> None:
    (clip,) = unpack(pack(entry(), KEY), KEY).clips
    with pytest.raises(ValueError, match="read-only"):
        clip.samples[0] = 0


def test_a_flip_of_any_bit_is_seen() -> None:
    data = pack(entry(noise(8), words=(Word(text="a", start_sec=0.0),)), KEY)
    for place in range(len(data)):
        for bit in range(8):
            damaged = bytearray(data)
            damaged[place] ^= 1 << bit
            with pytest.raises(Corrupt):
                unpack(bytes(damaged), KEY)


def test_a_cut_anywhere_and_anything_after_the_end_is_seen() -> None:
    data = pack(entry(noise(8)), KEY)
    for length in range(len(data)):
        with pytest.raises(Corrupt):
            unpack(data[:length], KEY)
    for more in (b"\0", b"x" * 100, data):
        with pytest.raises(Corrupt):
            unpack(data + more, KEY)


def test_an_entry_under_another_key_is_none() -> None:
    with pytest.raises(Corrupt, match="checksum"):
        unpack(pack(entry(), KEY), KEY[::-1])


def test_an_entry_that_is_too_long_is_neither_made_nor_read(monkeypatch: pytest.MonkeyPatch) -> None:
    data = pack(entry(noise(300)), KEY)
    monkeypatch.setattr(packed, "LARGEST_BYTES", len(data) - 1)
    with pytest.raises(ValueError, match="longer than an entry"):
        pack(entry(noise(300)), KEY)
    with pytest.raises(Corrupt, match="out of bounds"):
        unpack(data, KEY)


def forged(header: object, samples: bytes = b"", *, coding: int = 0, claims: tuple[int, int] | None = None) -> bytes:
    """With a right checksum, as somebody could write who knows how."""
    text = json.dumps(header).encode()
    lengths = claims or (len(text), len(samples))
    body = struct.pack("<4sHHIQ", packed.MAGIC, packed.FORMAT_VERSION, coding, *lengths) + text + samples
    return body + hashlib.blake2b(body, digest_size=CHECKSUM_BYTES, key=bytes.fromhex(KEY)).digest()


def header(**changes: object) -> dict[str, object]:
    clip = {"frames": 1, "sample_rate": 100, "words": [["a", 0.5]]}
    return {"made_at": 1.0, "clips": [clip | changes], "verdict": {"seed": 1, "engine": "x"}} | {
        name: value for name, value in changes.items() if name in ("made_at", "clips", "verdict")
    }


def test_a_header_as_it_should_be_is_read() -> None:
    assert unpack(forged(header(), bytes(4)), KEY).verdict.engine == "x"


@pytest.mark.parametrize(
    "data",
    [
        forged(header(frames=2), bytes(4)),
        forged(header(frames=0), bytes(4)),
        forged(header(frames=-1), bytes(4)),
        forged(header(frames=10**30), bytes(4)),
        forged(header(frames=1.0), bytes(4)),
        forged(header(frames=True), bytes(4)),
        forged(header(), bytes(3)),
        forged(header(sample_rate=0), bytes(4)),
        forged(header(sample_rate="100"), bytes(4)),
        forged(header(sample_rate=10**9), bytes(4)),
        forged(header(words=[["a"]]), bytes(4)),
        forged(header(words=[[1, 0.5]]), bytes(4)),
        forged(header(words=[["a", None]]), bytes(4)),
        forged(header(words=[["a", float("inf")]]), bytes(4)),
        forged(header(words=None), bytes(4)),
        forged(header(made_at="soon"), bytes(4)),
        forged(header(clips={}), bytes(4)),
        forged(header(verdict={}), bytes(4)),
        forged(header(verdict={"seed": "?", "engine": "x"}), bytes(4)),
        forged(header(verdict={"seed": 1, "engine": "x", "end": "soon"}), bytes(4)),
        forged([], bytes(4)),
        forged({}, bytes(4)),
        forged(header(), bytes(4), coding=2),
        forged(header(), bytes(4), claims=(2**32 - 1, 4)),
        forged(header(), bytes(4), claims=(10, 2**64 - 1)),
        b"",
    ],
)
def test_a_header_that_does_not_fit_is_no_entry(data: bytes) -> None:
    with pytest.raises(Corrupt):
        unpack(data, KEY)


def test_deeply_nested_json_is_no_entry() -> None:
    text = "[" * 100_000
    body = struct.pack("<4sHHIQ", packed.MAGIC, packed.FORMAT_VERSION, 0, len(text), 0) + text.encode()
    with pytest.raises(Corrupt):
        unpack(body + hashlib.blake2b(body, digest_size=16, key=bytes.fromhex(KEY)).digest(), KEY)
