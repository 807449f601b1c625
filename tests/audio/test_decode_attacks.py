"""Audio files made to hurt: what they cost is bounded, and none ends the process."""

from __future__ import annotations

import struct
import subprocess
import sys
import textwrap
import time
import tracemalloc
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest

from tests.audio.files import file_of
from tests.audio.signals import noise, tone
from worker.audio.decode import DecodeLimits, decode
from worker.audio.encoders import wav_header
from worker.errors import AudioTooLong, InvalidAudio

ROOT = Path(__file__).parents[2]
FUZZ_SEED = 20_261_120
FUZZ_CASES = 4_500
"""About a millisecond each."""


def alone(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        errors="replace",
    )


def test_damaged_files_are_read_soundly_or_refused_and_never_end_the_process() -> None:
    done = alone("-m", "tests.audio.damaged_audio", str(FUZZ_SEED), str(FUZZ_CASES))
    # libmpg123 complains to standard error by itself; Python's tracebacks would be ours.
    assert "Traceback" not in done.stderr, done.stderr[-2_000:]
    assert done.returncode == 0, done.stdout[-200:]
    outcomes = dict(part.split("=") for part in done.stdout.splitlines()[-1].split(" "))
    assert int(outcomes["read"]) > FUZZ_CASES // 10
    assert int(outcomes["invalid_audio"]) > FUZZ_CASES // 10


BOMB = """
    import resource, sys, time
    import numpy as np
    from tests.audio.files import file_of
    from worker.audio.decode import DecodeLimits, decode
    from worker.errors import AudioTooLong
    container, codec, rate, sec = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
    data = file_of(np.broadcast_to(np.float32(0), rate * sec), rate, container, codec)
    decode(file_of(np.zeros(rate, np.float32), rate, container, codec))
    before, start = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.monotonic()
    try:
        decode(data, limits=DecodeLimits(max_duration_sec=60.0))
    except AudioTooLong:
        grown_mib = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
        print(len(data), grown_mib, time.monotonic() - start)
"""


@pytest.mark.parametrize(
    ("container", "codec", "sample_rate", "duration_sec"),
    [("FLAC", "PCM_16", 24_000, 3_600), ("OGG", "OPUS", 8_000, 600), ("OGG", "VORBIS", 24_000, 600)],
)
def test_a_bomb_costs_no_more_than_the_limit(container: str, codec: str, sample_rate: int, duration_sec: int) -> None:
    done = alone("-c", textwrap.dedent(BOMB), container, codec, str(sample_rate), str(duration_sec))
    assert done.returncode == 0, done.stderr
    size_bytes, grown_mib, took_sec = map(float, done.stdout.split())
    assert duration_sec * sample_rate * 4 / size_bytes > 100
    kept_mib = 60 * sample_rate * 4 / 2**20
    assert grown_mib < 1.5 * kept_mib + 8
    assert took_sec < 2.0


def test_decoding_needs_little_more_than_what_it_returns() -> None:
    data = file_of(noise(2_000_000, 48_000).samples, 48_000, "WAV", "PCM_16")
    tracemalloc.start()
    clip = decode(data)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 1.3 * clip.samples.nbytes + 2**20


def header(**lies: int) -> bytes:
    """A mono 16-bit WAV header at 16 kHz, but for the fields named."""
    fields = {"tag": 1, "channels": 1, "rate": 16_000, "byte_rate": 32_000, "align": 2, "bits": 16, "data": 2_000}
    fields |= lies
    data_bytes = fields.pop("data")
    layout = struct.pack("<HHIIHH", *fields.values())
    return (
        b"RIFF" + struct.pack("<I", min(36 + data_bytes, 2**32 - 1)) + b"WAVEfmt \x10\0\0\0" + layout
        + b"data" + struct.pack("<I", data_bytes)
    )  # fmt: skip


SAMPLES = np.arange(1_000, dtype="<i2").tobytes()


def test_the_header_without_lies_is_read() -> None:
    assert len(decode(header() + SAMPLES).samples) == 1_000


@pytest.mark.parametrize("data_bytes", [2_001, 2**20, 2**31 - 1, 2**31, 2**32 - 2, 2**32 - 1])
def test_a_data_chunk_longer_than_the_file_gives_what_is_there(data_bytes: int) -> None:
    tracemalloc.start()
    clip = decode(header(data=data_bytes) + SAMPLES)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert len(clip.samples) == 1_000
    assert peak < 2**20


@pytest.mark.parametrize(
    "lies",
    [
        {"channels": 0},
        {"channels": 9, "align": 18},
        {"channels": 1_024, "align": 2_048},
        {"channels": 65_535, "align": 65_535},
        {"rate": 0},
        {"rate": 1},
        {"rate": 2**31 - 1},
        {"rate": 2**32 - 1},
        {"bits": 0},
        {"bits": 12_345},
        {"tag": 0},
        {"tag": 2},
        {"tag": 0x11},
        {"tag": 0x31},
        {"tag": 0x50},
        {"tag": 0x55},
        {"tag": 0xFF},
        {"tag": 0xFFFE},
        {"tag": 0xFFFF},
    ],
    ids=str,
)
def test_a_header_that_lies_is_refused(lies: dict[str, int]) -> None:
    with pytest.raises(InvalidAudio):
        decode(header(**lies) + SAMPLES)


@pytest.mark.parametrize("frames", [0, 1, 2**36 - 1])
def test_the_length_in_a_flac_header_decides_nothing(frames: int) -> None:
    data = bytearray(file_of(tone(440.0, 1.0, 16_000).samples, 16_000, "FLAC", "PCM_16"))
    # STREAMINFO: its last 36 bits before the MD5 sum are the number of samples (RFC 9639, section 8.2).
    (packed,) = struct.unpack(">Q", data[18:26])
    data[18:26] = struct.pack(">Q", packed >> 36 << 36 | frames)
    tracemalloc.start()
    with suppress(InvalidAudio):
        assert len(decode(bytes(data)).samples) in (frames, 16_000)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 2**21


@pytest.mark.parametrize("kind", [b"LIST", b"data", b"fmt ", b"JUNK"])
def test_a_million_empty_chunks_are_no_work(kind: bytes) -> None:
    data = header()[:36] + (kind + bytes(4)) * 1_000_000 + header()[36:] + SAMPLES
    start_sec = time.monotonic()
    with pytest.raises(InvalidAudio):
        decode(data)
    assert time.monotonic() - start_sec < 2.0


def test_a_file_of_two_kinds_is_read_as_its_first_or_refused() -> None:
    sound = tone(440.0, 0.5, 16_000)
    kinds = [("WAV", "PCM_16"), ("FLAC", "PCM_16"), ("MP3", "MPEG_LAYER_III"), ("OGG", "VORBIS"), ("AIFF", "PCM_16")]
    files = [file_of(sound.samples, 16_000, container, codec) for container, codec in kinds]
    for first in files:
        for second in (*files, b"PK\x03\x04", b"<svg onload=alert(1)>", b"#!/bin/sh\n"):
            try:
                clip = decode(first + second)
            except InvalidAudio:
                continue
            assert clip.duration_sec < 1.2


@pytest.mark.parametrize("prefix", [b"\0", b"PK\x03\x04", b"#!/bin/sh\n", b"%PDF-1.7\n", b"<html>", b"GIF89a"])
def test_audio_behind_something_else_is_refused(prefix: bytes) -> None:
    for container, codec in (("WAV", "PCM_16"), ("FLAC", "PCM_16"), ("MP3", "MPEG_LAYER_III"), ("OGG", "VORBIS")):
        data = file_of(tone(440.0, 0.5, 16_000).samples, 16_000, container, codec)
        with pytest.raises(InvalidAudio, match="not a WAV"):
            decode(prefix + data)


@pytest.mark.parametrize(("container", "codec"), [("WAV", "PCM_16"), ("AIFF", "PCM_16"), ("AU", "PCM_16")])
def test_another_container_behind_tags_is_refused(container: str, codec: str) -> None:
    data = file_of(noise(8_000, 16_000).samples, 16_000, container, codec)
    with pytest.raises(InvalidAudio, match="not a WAV"):
        decode(b"ID3\x04\x00\x00\x00\x00\x00\x10" + bytes(16) + data)


def test_a_wav_without_an_end_stops_at_the_limit() -> None:
    data = wav_header(16_000, 2**32 - 1) + bytes(2 * 16_000 * 10)
    with pytest.raises(AudioTooLong):
        decode(data, limits=DecodeLimits(max_duration_sec=5.0))


def test_many_threads_decode_at_once_without_mixing() -> None:
    sounds = [tone(200.0 + 100 * n, 2.0, 24_000) for n in range(8)]
    files = [file_of(sound.samples, 24_000, "OGG", "VORBIS") for sound in sounds]
    expected = [decode(file).samples for file in files]
    with ThreadPoolExecutor(8) as pool:
        for _ in range(3):
            for clip, alone_samples in zip(pool.map(decode, files), expected, strict=True):
                assert np.array_equal(clip.samples, alone_samples)


def test_every_cut_of_a_file_is_read_or_refused() -> None:
    for container, codec in (("WAV", "FLOAT"), ("FLAC", "PCM_16"), ("MP3", "MPEG_LAYER_III"), ("OGG", "OPUS")):
        data = file_of(tone(440.0, 0.25, 24_000).samples, 24_000, container, codec)
        for end in range(0, len(data), 1 + len(data) // 150):
            with suppress(InvalidAudio):
                assert decode(data[:end]).duration_sec <= 0.3
