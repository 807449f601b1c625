from __future__ import annotations

import errno
import io
import subprocess
import sys
import textwrap
import tracemalloc
from collections.abc import Callable, Iterable

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings

from tests.audio.signals import cut, cuts, noise, peak_hertz, tone, whole
from worker.audio.clip import Clip, Samples
from worker.audio.encode import encode_file, encoded
from worker.audio.formats import FORMATS, nearest_rate
from worker.audio.resample import resampled
from worker.errors import AudioTooLong, EngineFailed

NAMES = tuple(FORMATS)
EXACT = ("wav", "pcm", "flac")
"""Formats that give back the 16-bit samples they were given."""
MP3_PADDING = 4 * 1_152
"""LAME's delay, one decoder's delay, the last frame's rest, and in a stream the empty first frame."""
ROUNDING = 0.5 / 32_768
OVERSHOOT = 1.2
"""A codec rounds the corners of a square wave, which swing over its level; unclipped it would be 3."""
LOSSY_LEVEL = 0.06
"""How far the level of a tone may be off after a codec: LAME turns everything down by 5 %."""


class Unseekable(soundfile.SoundFile):
    """soundfile seeks after each read, which a FLAC of unknown length refuses."""

    def seekable(self) -> bool:
        return False


def decoded(data: bytes, name: str, sample_rate: int) -> Samples:
    if name == "pcm":
        return np.frombuffer(data, "<i2").astype(np.float32) / np.float32(32_768)
    with Unseekable(io.BytesIO(data)) as file:
        assert (file.channels, file.samplerate) == (1, sample_rate)
        blocks = []
        while len(block := file.read(4_096, dtype="float32")):
            blocks.append(block)
    return np.concatenate(blocks) if blocks else np.zeros(0, dtype=np.float32)


def as_stream(clips: Iterable[Clip], name: str, sample_rate: int) -> bytes:
    return b"".join(encoded(clips, name, sample_rate=sample_rate))


def as_file(clips: Iterable[Clip], name: str, sample_rate: int) -> bytes:
    file = io.BytesIO()
    done = encode_file(clips, name, sample_rate=sample_rate, into=file)
    assert done.size_bytes == len(file.getvalue())
    return file.getvalue()


both_ways = pytest.mark.parametrize("encode", [as_stream, as_file])


@both_ways
@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("wanted", [8_000, 16_000, 22_050, 24_000, 44_100, 48_000])
def test_a_tone_comes_back_with_its_length_rate_frequency_and_level(
    encode: Callable[..., bytes], name: str, wanted: int
) -> None:
    sample_rate = nearest_rate(name, wanted)
    clip = tone(1_000, 1.5, 24_000)
    heard = decoded(encode([clip], name, sample_rate), name, sample_rate)
    expected = whole(resampled([clip], sample_rate), sample_rate).samples
    if name == "mp3":
        assert 0 <= len(heard) - len(expected) <= MP3_PADDING
    else:
        assert len(heard) == len(expected)
    assert peak_hertz(heard, sample_rate) == pytest.approx(1_000, rel=0.001)
    middle = heard[len(heard) // 3 : -len(heard) // 3]
    assert np.sqrt(2 * np.mean(middle**2)) == pytest.approx(0.5, rel=LOSSY_LEVEL)
    if name in EXACT:
        assert np.abs(heard - expected).max() <= ROUNDING


@both_ways
@pytest.mark.parametrize("name", NAMES)
def test_the_sound_is_the_same_however_the_stream_is_cut(encode: Callable[..., bytes], name: str) -> None:
    @settings(deadline=None, max_examples=6)
    @given(shares=cuts)
    def check(shares: list[float]) -> None:
        clip = noise(6_000, 22_050)
        once = decoded(encode([clip], name, 16_000), name, 16_000)
        again = decoded(encode(cut(clip, shares), name, 16_000), name, 16_000)
        assert np.array_equal(once, again)

    check()


@both_ways
@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("frames", [1, 2, 100, 1_023, 1_024, 1_025])
def test_a_stream_of_few_frames_makes_a_whole_file(encode: Callable[..., bytes], name: str, frames: int) -> None:
    heard = decoded(encode([noise(frames, 24_000)], name, 24_000), name, 24_000)
    if name == "mp3":
        assert frames <= len(heard) <= frames + MP3_PADDING
    else:
        assert len(heard) == frames


@both_ways
@pytest.mark.parametrize("clips", [[], [noise(0, 24_000)]])
@pytest.mark.parametrize("name", NAMES)
def test_no_audio_is_an_empty_file_or_a_clear_error(encode: Callable[..., bytes], clips: list[Clip], name: str) -> None:
    if FORMATS[name].can_be_empty:
        assert len(decoded(encode(clips, name, 24_000), name, 24_000)) == 0
    else:
        with pytest.raises(EngineFailed, match="no audio was made"):
            encode(clips, name, 24_000)


@both_ways
@pytest.mark.parametrize("name", NAMES)
def test_what_is_over_full_scale_stays_at_full_scale(encode: Callable[..., bytes], name: str) -> None:
    heard = decoded(encode([tone(500, 0.5, 24_000, level=3.0)], name, 24_000), name, 24_000)
    assert peak_hertz(heard, 24_000) == pytest.approx(500, rel=0.001)
    # A wrapped sample would cancel half the tone; clipping makes it a near-square wave of level 1.
    middle = heard[2_000:-2_000]
    assert np.sqrt(np.mean(middle**2)) > 0.8
    assert np.abs(middle).max() < OVERSHOOT


@both_ways
@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_a_sample_that_is_no_finite_number_is_the_engine_s_failure(encode: Callable[..., bytes], value: float) -> None:
    clip = noise(100, 24_000)
    clip.samples[50] = value
    with pytest.raises(EngineFailed, match="not finite"):
        encode([noise(100, 24_000), clip], "wav", 16_000)


@pytest.mark.parametrize("name", NAMES)
def test_audio_over_the_limit_is_refused_with_both_lengths(name: str) -> None:
    clips = [noise(24_000, 24_000)] * 3
    assert b"".join(encoded(clips, name, sample_rate=8_000, max_frames=24_000))
    with pytest.raises(AudioTooLong, match=r"limit of 2\.5 s: [23]\.\d s"):
        list(encoded(clips, name, sample_rate=8_000, max_frames=20_000))


def test_the_limit_stops_a_stream_without_end() -> None:
    def endless():
        while True:
            yield noise(24_000, 24_000)

    with pytest.raises(AudioTooLong):
        encode_file(endless(), "wav", sample_rate=24_000, into=io.BytesIO(), max_frames=50_000)


@pytest.mark.parametrize(("name", "sample_rate"), [("opus", 22_050), ("opus", 44_100), ("mp3", 96_000)])
def test_a_rate_the_format_lacks_is_refused_before_the_first_clip(name: str, sample_rate: int) -> None:
    with pytest.raises(ValueError, match=f"{name} has no sample rate of {sample_rate} Hz"):
        encoded([], name, sample_rate=sample_rate)


def test_a_file_counts_its_frames_and_a_stream_of_wav_admits_it_does_not_know() -> None:
    file = io.BytesIO()
    done = encode_file([noise(2_400, 24_000)] * 2, "wav", sample_rate=24_000, into=file)
    assert (done.frames, done.size_bytes) == (4_800, 44 + 9_600)
    assert soundfile.info(io.BytesIO(file.getvalue())).frames == 4_800
    streamed = as_stream([noise(2_400, 24_000)] * 2, "wav", 24_000)
    assert streamed[4:8] == streamed[40:44] == b"\xff\xff\xff\xff"
    assert streamed[44:] == file.getvalue()[44:]


def test_a_flac_file_knows_its_length() -> None:
    assert soundfile.info(io.BytesIO(as_file([noise(5_000, 24_000)], "flac", 24_000))).frames == 5_000


def test_a_file_on_disk_holds_the_same_bytes_as_one_in_memory(tmp_path) -> None:
    for name in EXACT:
        with (tmp_path / name).open("wb") as file:
            encode_file([noise(30_000, 24_000)], name, sample_rate=16_000, into=file)
        assert (tmp_path / name).read_bytes() == as_file([noise(30_000, 24_000)], name, 16_000)


@pytest.mark.parametrize("name", NAMES)
def test_bytes_come_while_the_stream_goes_on(name: str) -> None:
    taken = 0

    def source():
        nonlocal taken
        for number in range(20):
            taken = number + 1
            yield noise(12_000, 24_000, seed=number)

    stream = encoded(source(), name, sample_rate=24_000)
    received = 0
    # Past every format's headers; Ogg holds audio back for up to a second.
    while received < 6_000:
        received += len(next(stream))
    stream.close()
    assert taken <= 6


@pytest.mark.parametrize("name", NAMES)
def test_a_full_disk_is_reported_and_not_swallowed(name: str) -> None:
    class Full(io.BytesIO):
        def write(self, _data: object) -> int:
            raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(OSError, match="No space left"):
        encode_file([noise(50_000, 24_000)], name, sample_rate=24_000, into=Full())


@pytest.mark.parametrize("name", NAMES)
def test_an_error_of_the_source_comes_through(name: str) -> None:
    def failing():
        yield noise(5_000, 24_000)
        raise EngineFailed("out of breath")

    with pytest.raises(EngineFailed, match="out of breath"):
        list(encoded(failing(), name, sample_rate=24_000))


@pytest.mark.parametrize("name", NAMES)
def test_ten_minutes_are_encoded_in_flat_memory(name: str) -> None:
    clip = noise(800, 8_000)
    held_bytes = 700_000  # the smallest ten minutes, of Opus, are 1.6 MB

    tracemalloc.start()
    try:
        size = sum(map(len, encoded((clip for _ in range(6_000)), name, sample_rate=8_000)))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert size > 2 * held_bytes
    assert peak < held_bytes


def test_a_single_clip_of_ten_minutes_does_not_end_the_process() -> None:
    program = """
        import io, numpy, soundfile
        from worker.audio.clip import Clip
        from worker.audio.encode import encode_file
        samples = numpy.zeros(600 * 24_000, dtype=numpy.float32)
        file = io.BytesIO()
        clip = Clip(samples=samples, sample_rate=24_000)
        print(encode_file([clip], "ogg", sample_rate=24_000, into=file).frames)
    """
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(program)], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout.strip()) == (0, "14400000"), done.stderr
