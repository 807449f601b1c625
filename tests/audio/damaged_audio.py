"""Decodes damaged files of every kind, one after another, in a process of its own: `python -m … SEED CASES`.

It prints each case before it runs, so that the last one printed is the one that ended the process.
"""

from __future__ import annotations

import random
import struct
import sys
import time
from collections import Counter
from collections.abc import Callable

import numpy as np
import psutil

from tests.audio.files import file_of
from worker.audio.decode import DecodeLimits, decode
from worker.errors import AudioTooLong, InvalidAudio

SAMPLE_RATE = 16_000
LIMITS = DecodeLimits(max_duration_sec=20.0, max_frames=20 * 48_000)
MAX_CASE_SEC = 2.0
MAX_GROWTH_BYTES = 64 * 2**20

KINDS = [
    *(("WAV", codec, 1) for codec in ("PCM_U8", "PCM_16", "PCM_24", "PCM_32", "FLOAT", "DOUBLE", "ULAW", "ALAW")),
    *(("WAV", codec, 1) for codec in ("IMA_ADPCM", "MS_ADPCM", "GSM610", "G721_32")),
    *(("WAVEX", codec, 2) for codec in ("PCM_16", "FLOAT")),
    *(("FLAC", codec, channels) for codec, channels in (("PCM_S8", 1), ("PCM_16", 2), ("PCM_24", 8))),
    *(("MP3", "MPEG_LAYER_III", channels) for channels in (1, 2)),
    *(("OGG", codec, channels) for codec in ("VORBIS", "OPUS") for channels in (1, 2)),
    ("AIFF", "PCM_16", 1),
    ("CAF", "ALAC_16", 1),
    ("W64", "PCM_16", 1),
    ("RF64", "PCM_16", 1),
    ("AU", "PCM_16", 1),
]
"""Container, codec and channels of the sound files."""
EXTREMES = (0, 1, 2, 0x7F, 0x80, 0xFF, 0x7FFF, 0x8000, 0xFFFF, 0x7FFF_FFFF, 0x8000_0000, 0xFFFF_FFFF)
HEADER_BYTES = 128

Mutation = Callable[[bytearray, random.Random], None]


def seeds() -> list[bytes]:
    chance = np.random.default_rng(7)
    files = []
    for container, codec, channels in KINDS:
        samples = 0.3 * chance.standard_normal((SAMPLE_RATE // 4, channels)).astype(np.float32)
        if codec == "FLOAT":
            samples *= 5.0
        rate = 8_000 if codec in ("GSM610", "G721_32") else SAMPLE_RATE
        files.append(file_of(samples, rate, container, codec))
    return files


def flip_bits(data: bytearray, chance: random.Random) -> None:
    for _ in range(chance.randint(1, 16)):
        data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)


def flip_bits_of_header(data: bytearray, chance: random.Random) -> None:
    for _ in range(chance.randint(1, 6)):
        data[chance.randrange(min(HEADER_BYTES, len(data)))] ^= 1 << chance.randrange(8)


def set_extreme(data: bytearray, chance: random.Random) -> None:
    for _ in range(chance.randint(1, 3)):
        at = chance.randrange(min(HEADER_BYTES, len(data) - 4))
        size, order = chance.choice((2, 4)), chance.choice("<>")
        number = chance.choice(EXTREMES) & (2 ** (8 * size) - 1)
        data[at : at + size] = struct.pack(order + {2: "H", 4: "I"}[size], number)


def truncate(data: bytearray, chance: random.Random) -> None:
    del data[chance.randrange(1, len(data)) :]


def splice(data: bytearray, chance: random.Random) -> None:
    start, to = chance.randrange(len(data)), chance.randrange(len(data))
    length = chance.randint(1, 2_000)
    data[to : to + chance.choice((0, length))] = data[start : start + length]


def blank(data: bytearray, chance: random.Random) -> None:
    start, length = chance.randrange(len(data)), chance.randint(1, 500)
    data[start : start + length] = bytes([chance.choice((0, 0xFF))]) * len(data[start : start + length])


MUTATIONS: tuple[Mutation, ...] = (flip_bits, flip_bits_of_header, set_extreme, truncate, splice, blank)


def mend_ogg(data: bytearray) -> None:
    """Makes the pages' sums true again, so that damage gets past them (RFC 3533, section 6)."""
    at = data.find(b"OggS")
    while at >= 0 and at + 27 <= len(data):
        lacing = data[at + 27 : at + 27 + data[at + 26]]
        end = at + 27 + len(lacing) + sum(lacing)
        data[at + 22 : at + 26] = bytes(4)
        data[at + 22 : at + 26] = struct.pack("<I", ogg_sum(data[at:end]))
        at = data.find(b"OggS", at + 4)


def ogg_sum(page: bytes | bytearray) -> int:
    total = 0
    for byte in page:
        total = (total << 8 & 0xFFFF_FFFF) ^ OGG_TABLE[total >> 24 ^ byte]
    return total


def _ogg_entry(index: int) -> int:
    entry = index << 24
    for _ in range(8):
        entry = (entry << 1 ^ (0x04C1_1DB7 if entry & 0x8000_0000 else 0)) & 0xFFFF_FFFF
    return entry


OGG_TABLE = [_ogg_entry(index) for index in range(256)]


def damaged(files: list[bytes], seed: int, case: int) -> bytes:
    """The case's file; the same for the same seed and case."""
    chance = random.Random(f"{seed}/{case}")
    data = bytearray(files[case % len(files)])
    for mutate in chance.choices(MUTATIONS, k=chance.randint(1, 2)):
        if len(data) > 8:
            mutate(data, chance)
    if chance.random() < 0.1:
        data += chance.choice(files)
    if data[:4] == b"OggS" and chance.random() < 0.8:
        mend_ogg(data)
    return bytes(data)


def outcome(data: bytes) -> str:
    try:
        clip = decode(data, limits=LIMITS)
    except (InvalidAudio, AudioTooLong) as error:
        return error.code
    if not (np.isfinite(clip.samples).all() and np.abs(clip.samples).max() <= 1.0):
        raise ValueError("a sample is out of scale")
    if not (0 < clip.duration_sec <= LIMITS.max_duration_sec and clip.samples.ndim == 1):
        raise ValueError("the clip is out of the limits")
    return "read"


def main(seed: int, cases: int) -> None:
    files = seeds()
    outcomes = Counter(outcome(file) for file in files)
    before_bytes = psutil.Process().memory_info().rss
    for case in range(cases):
        data = damaged(files, seed, case)
        print(f"case {seed}/{case}", flush=True)  # noqa: T201  # the test reads it
        start_sec = time.monotonic()
        outcomes[outcome(data)] += 1
        if time.monotonic() - start_sec > MAX_CASE_SEC:
            raise TimeoutError(f"case {case} took too long")
    if psutil.Process().memory_info().rss - before_bytes > MAX_GROWTH_BYTES:
        raise MemoryError("memory was not given back")
    print(*(f"{name}={count}" for name, count in sorted(outcomes.items())))  # noqa: T201  # the test reads it


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
