"""What a caller's audio file becomes: its sound, whatever allowed kind it is of, or a reason."""

from __future__ import annotations

import io
import struct
import wave
from itertools import pairwise

import numpy as np
import pytest

from tests.audio.files import file_of
from tests.audio.signals import noise, tone
from worker.audio.clip import Clip
from worker.audio.decode import DecodeLimits, decode
from worker.audio.encode import encoded
from worker.audio.formats import FORMATS, nearest_rate
from worker.errors import AudioTooLong, InvalidAudio

HERTZ = 440.0
SEC = 1.5

LOSSLESS = [
    ("WAV", "PCM_U8", 2**-7),
    ("WAV", "PCM_16", 2**-15),
    ("WAV", "PCM_24", 2**-23),
    ("WAV", "PCM_32", 2**-23),
    ("WAV", "FLOAT", 0.0),
    ("WAV", "DOUBLE", 0.0),
    ("WAV", "ULAW", 2**-5),
    ("WAV", "ALAW", 2**-5),
    ("WAVEX", "PCM_16", 2**-15),
    ("WAVEX", "FLOAT", 0.0),
    ("FLAC", "PCM_S8", 2**-7),
    ("FLAC", "PCM_16", 2**-15),
    ("FLAC", "PCM_24", 2**-23),
]
"""Container, codec, and how far a sample may be off: a step of the codec; G.711's steps are wider when loud."""
LOSSY = [
    ("MP3", "MPEG_LAYER_III", 8_000),
    ("MP3", "MPEG_LAYER_III", 24_000),
    ("MP3", "MPEG_LAYER_III", 44_100),
    ("OGG", "VORBIS", 8_000),
    ("OGG", "VORBIS", 44_100),
    ("OGG", "OPUS", 8_000),
    ("OGG", "OPUS", 24_000),
    ("OGG", "OPUS", 48_000),
]
REFUSED = [
    ("WAV", "IMA_ADPCM"),
    ("WAV", "MS_ADPCM"),
    ("WAV", "GSM610"),
    ("WAV", "G721_32"),
    ("WAV", "NMS_ADPCM_16"),
    ("AIFF", "PCM_16"),
    ("AIFF", "FLOAT"),
    ("AU", "PCM_16"),
    ("AVR", "PCM_16"),
    ("CAF", "PCM_16"),
    ("CAF", "ALAC_16"),
    ("HTK", "PCM_16"),
    ("SVX", "PCM_16"),
    ("MAT4", "PCM_16"),
    ("MAT5", "PCM_16"),
    ("MPC2K", "PCM_16"),
    ("PAF", "PCM_16"),
    ("PVF", "PCM_16"),
    ("RAW", "PCM_16"),
    ("RF64", "PCM_16"),
    ("SDS", "PCM_16"),
    ("IRCAM", "PCM_16"),
    ("VOC", "PCM_16"),
    ("W64", "PCM_16"),
    ("NIST", "PCM_16"),
    ("WVE", "ALAW"),
    ("XI", "DPCM_16"),
]


def sounding_hertz(clip: Clip) -> float:
    spectrum = np.abs(np.fft.rfft(clip.samples * np.hanning(len(clip.samples))))
    return float(spectrum.argmax() * clip.sample_rate / len(clip.samples))


def purity(clip: Clip) -> float:
    """The share of the energy that lies within 20 Hz of the tone."""
    energy = np.abs(np.fft.rfft(clip.samples * np.hanning(len(clip.samples)))) ** 2
    hertz = np.fft.rfftfreq(len(clip.samples), 1 / clip.sample_rate)
    return float(energy[np.abs(hertz - HERTZ) < 20].sum() / energy.sum())


@pytest.mark.parametrize(("container", "codec", "step"), LOSSLESS)
@pytest.mark.parametrize("sample_rate", [8_000, 44_100])
def test_lossless_files_give_their_samples(container: str, codec: str, step: float, sample_rate: int) -> None:
    sound = tone(HERTZ, SEC, sample_rate)
    clip = decode(file_of(sound.samples, sample_rate, container, codec))
    assert (clip.sample_rate, clip.samples.dtype) == (sample_rate, np.float32)
    assert len(clip.samples) == len(sound.samples)
    assert np.abs(clip.samples - sound.samples).max() <= step


@pytest.mark.parametrize(("container", "codec", "sample_rate"), LOSSY)
def test_lossy_files_give_their_sound(container: str, codec: str, sample_rate: int) -> None:
    # Longer than a block, where a decoder that loses its state would click.
    sound = tone(HERTZ, 140_000 / sample_rate, sample_rate)
    clip = decode(file_of(sound.samples, sample_rate, container, codec))
    assert clip.sample_rate == sample_rate
    assert len(clip.samples) == len(sound.samples)
    assert sounding_hertz(clip) == pytest.approx(HERTZ, abs=1.0)
    assert purity(clip) > 0.995
    # Opus keeps the least of a wave's shape; a click of a lost state is off by 0.6.
    inner = slice(2_000, -2_000)
    assert np.abs(clip.samples[inner] - sound.samples[inner]).max() < 0.1


@pytest.mark.parametrize("format_name", [name for name in FORMATS if name != "pcm"])
def test_what_this_worker_sends_it_reads(format_name: str) -> None:
    sound = tone(HERTZ, SEC, nearest_rate(format_name, 24_000))
    data = b"".join(encoded([sound], format_name, sample_rate=sound.sample_rate))
    clip = decode(data)
    assert sounding_hertz(clip) == pytest.approx(HERTZ, abs=1.0)
    assert clip.duration_sec == pytest.approx(SEC, abs=0.1)


def test_a_file_of_the_standard_library_is_read() -> None:
    written = io.BytesIO()
    with wave.open(written, "wb") as file:
        file.setparams((1, 2, 16_000, 0, "NONE", ""))
        file.writeframes(np.arange(-500, 500, dtype="<i2").tobytes())
    assert np.array_equal(decode(written.getvalue()).samples * 32_768, np.arange(-500, 500))


@pytest.mark.parametrize(("container", "codec"), [("WAV", "PCM_16"), ("FLAC", "PCM_16"), ("OGG", "VORBIS")])
@pytest.mark.parametrize("channels", [2, 6, 8])
def test_channels_are_averaged(container: str, codec: str, channels: int) -> None:
    sound = tone(HERTZ, SEC, 16_000)
    samples = np.zeros((len(sound.samples), channels), dtype=np.float32)
    samples[:, 0] = samples[:, -1] = sound.samples
    clip = decode(file_of(samples, 16_000, container, codec))
    assert clip.samples.shape == sound.samples.shape
    assert np.abs(clip.samples - 2 * sound.samples / channels).max() < 0.03


@pytest.mark.parametrize(("container", "codec"), [("MP3", "MPEG_LAYER_III"), ("FLAC", "PCM_16")])
def test_a_file_behind_tags_is_read(container: str, codec: str) -> None:
    sound = tone(HERTZ, SEC, 24_000)
    size = bytes([0, 0, 2, 0])  # 256 bytes, seven bits each
    tagged = b"ID3\x04\x00\x00" + size + bytes(256) + file_of(sound.samples, 24_000, container, codec)
    assert sounding_hertz(decode(tagged)) == pytest.approx(HERTZ, abs=1.0)


def test_the_samples_are_the_clips_own() -> None:
    clip = decode(file_of(tone(HERTZ, SEC, 16_000).samples, 16_000, "WAV", "FLOAT"))
    clip.samples[0] = 0.5
    assert clip.samples.flags.c_contiguous


@pytest.mark.parametrize("peak", [1.5, 32_768.0, 3e38])
def test_what_is_over_full_scale_is_brought_down_to_it(peak: float) -> None:
    sound = tone(HERTZ, SEC, 16_000, level=1.0)
    clip = decode(file_of((sound.samples * np.float64(peak)).astype(np.float32), 16_000, "WAV", "FLOAT"))
    assert np.abs(clip.samples).max() == pytest.approx(1.0)
    assert np.abs(clip.samples - sound.samples).max() < 1e-3


def test_full_scale_itself_stays_as_it_is() -> None:
    samples = np.array([-1.0, 1.0, 0.25] * 100, dtype=np.float32)
    assert np.array_equal(decode(file_of(samples, 16_000, "WAV", "FLOAT")).samples, samples)


@pytest.mark.parametrize(("container", "codec"), REFUSED)
def test_every_other_kind_is_refused(container: str, codec: str) -> None:
    data = file_of(noise(8_000, 8_000).samples, 8_000, container, codec)
    with pytest.raises(InvalidAudio, match="not a WAV"):
        decode(data)


def test_a_big_endian_wav_is_refused() -> None:
    with pytest.raises(InvalidAudio):
        decode(file_of(noise(1_000, 8_000).samples, 8_000, "WAV", "PCM_16", "BIG"))


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"R",
        b"RIFF",
        b"RIFF\x00\x00\x00\x00AVI LIST",
        b"RIFF\x00\x00\x00\x00WAVE",
        b"OggS",
        b"OggS" + bytes(200),
        b"fLaC",
        b"ID3",
        b"ID3\x04\x00\x00\x7f\x7f\x7f\x7f",
        b"\xff",
        b"\xff\xfb",
        b"\xff\xfb\x90\x00",
        b"\xff\xfb\x90\x00" * 500,
        b"\xff\xfd\x90\x00" * 500,
        b"\xff\xf1\x50\x80" + bytes(500),
        b"\xff\xff\xff\xff" * 500,
        b"\x00\x00\x00\x20ftypM4A ",
        b"\x1aE\xdf\xa3webm",
        b"PK\x03\x04",
        b"%PDF-1.7",
        b"GIF89a",
        b"<html>404</html>",
        b"#EXTM3U\nfile:///etc/passwd",
        b"caff\x00\x01",
        bytes(10_000),
    ],
    ids=repr,
)
def test_what_is_no_audio_is_refused(data: bytes) -> None:
    with pytest.raises(InvalidAudio):
        decode(data)


@pytest.mark.parametrize(("container", "codec"), [("WAV", "PCM_16"), ("FLAC", "PCM_16"), ("OGG", "VORBIS")])
def test_a_file_without_audio_is_refused(container: str, codec: str) -> None:
    with pytest.raises(InvalidAudio):
        decode(file_of(np.zeros(0, dtype=np.float32), 16_000, container, codec))


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("codec", ["FLOAT", "DOUBLE"])
@pytest.mark.parametrize("channels", [1, 2])
def test_a_sample_that_is_no_number_is_refused(value: float, codec: str, channels: int) -> None:
    samples = np.zeros((200_000, channels), dtype=np.float32)
    samples[150_000, -1] = value
    with pytest.raises(InvalidAudio, match="finite"):
        decode(file_of(samples, 16_000, "WAV", codec))


def test_a_double_beyond_float32_is_refused() -> None:
    data = bytearray(file_of(np.zeros(100, dtype=np.float32), 16_000, "WAV", "DOUBLE"))
    data[-8:] = struct.pack("<d", 1e300)
    with pytest.raises(InvalidAudio, match="finite"):
        decode(bytes(data))


@pytest.mark.parametrize("share", [0.3, 0.6, 0.95])
@pytest.mark.parametrize(
    ("container", "codec"),
    [("WAV", "PCM_16"), ("WAV", "FLOAT"), ("MP3", "MPEG_LAYER_III"), ("OGG", "VORBIS"), ("OGG", "OPUS")],
)
def test_a_file_that_was_cut_short_gives_what_is_there(container: str, codec: str, share: float) -> None:
    sound = tone(HERTZ, 20.0, 24_000)
    data = file_of(sound.samples, 24_000, container, codec)
    clip = decode(data[: int(len(data) * share)])
    # A page of Vorbis is about four seconds long.
    assert clip.duration_sec == pytest.approx(20.0 * share, abs=4.5)
    assert sounding_hertz(clip) == pytest.approx(HERTZ, abs=1.0)


def test_a_flac_that_was_cut_short_is_damaged() -> None:
    data = file_of(noise(100_000, 24_000).samples, 24_000, "FLAC", "PCM_16")
    with pytest.raises(InvalidAudio, match="damaged"):
        decode(data[: len(data) // 2])


def test_a_file_over_the_limit_in_bytes_is_refused_unread() -> None:
    data = file_of(noise(1_000, 24_000).samples, 24_000, "WAV", "PCM_16")
    assert len(decode(data, limits=DecodeLimits(max_bytes=len(data))).samples) == 1_000
    with pytest.raises(InvalidAudio, match=str(len(data) - 1)):
        decode(data, limits=DecodeLimits(max_bytes=len(data) - 1))


@pytest.mark.parametrize(
    "limits", [DecodeLimits(max_duration_sec=1.0), DecodeLimits(max_frames=16_000)], ids=["duration", "frames"]
)
def test_audio_of_the_limit_is_read_and_a_frame_more_is_too_long(limits: DecodeLimits) -> None:
    sound = noise(16_001, 16_000)
    assert len(decode(file_of(sound.samples[:-1], 16_000, "WAV", "PCM_16"), limits=limits).samples) == 16_000
    with pytest.raises(AudioTooLong, match=r"1\.0 s"):
        decode(file_of(sound.samples, 16_000, "WAV", "PCM_16"), limits=limits)


@pytest.mark.parametrize("sample_rate", [1, 3_999, 192_001, 2**31 - 1])
def test_a_sample_rate_out_of_the_limits_is_refused(sample_rate: int) -> None:
    with pytest.raises(InvalidAudio, match="sample rate"):
        decode(file_of(noise(1_000, 8_000).samples, sample_rate, "WAV", "PCM_16"))


@pytest.mark.parametrize("sample_rate", [4_000, 192_000])
def test_a_sample_rate_at_the_limits_is_read(sample_rate: int) -> None:
    assert decode(file_of(noise(1_000, 8_000).samples, sample_rate, "WAV", "PCM_16")).sample_rate == sample_rate


@pytest.mark.parametrize("channels", [9, 64, 1_024])
def test_more_channels_than_the_limit_are_refused(channels: int) -> None:
    with pytest.raises(InvalidAudio, match="channels"):
        decode(file_of(np.zeros((10, channels), dtype=np.float32), 8_000, "WAV", "PCM_16"))


def test_messages_hold_nothing_of_the_library() -> None:
    for data in (b"fLaC", b"OggS" + bytes(100), b"RIFF\x00\x00\x00\x00WAVE"):
        with pytest.raises(InvalidAudio) as raised:
            decode(data)
        assert not any(word in str(raised.value) for word in ("BytesIO", "Error", "0x", "libsndfile"))


def test_the_blocks_of_a_long_file_join_without_a_seam() -> None:
    sound = tone(HERTZ, 10.0, 44_100)
    clip = decode(file_of(sound.samples, 44_100, "MP3", "MPEG_LAYER_III"))
    steps = np.abs(np.diff(clip.samples))
    for start, end in pairwise(range(2_000, len(steps) - 2_000, 4_096)):
        assert steps[start:end].max() < 0.05
