"""Encoders: samples in, the bytes of a file out."""

from __future__ import annotations

import struct
from typing import Protocol

import numpy as np
import soundfile
from numpy.typing import NDArray

from worker.audio.clip import Samples
from worker.audio.formats import Format
from worker.audio.outbox import Outbox

BLOCK_FRAMES = 1_024
"""What libsndfile gets in one write. One Vorbis write of over two million frames ends the process, and
Vorbis picks its windows by what it has been given: blocks of one length make the result the input's alone."""
PCM16_SCALE = 32_768
"""Full scale of 16-bit samples; libsndfile divides by it when it reads."""
UNKNOWN_SIZE = 0xFFFF_FFFF
"""What a WAV header says of a length that is not known yet, or is over 4 GiB."""

MP3_RATES: tuple[tuple[int, int, int, int], ...] = (
    (32_000, 96, 32, 320),
    (16_000, 64, 8, 160),
    (0, 40, 8, 64),
)
"""From this rate on: our kbit/s, and the lowest and highest of that MPEG version (ISO 11172-3, 13818-3).
Constant, because a streamed file has no table by which players find their way in a variable one; as much
as mono speech needs to sound like its source. Opus, Vorbis and FLAC keep libsndfile's defaults, at
24 kHz some 37, 50 and 250 kbit/s."""


class Encoder(Protocol):
    """Turns samples into a file's bytes."""

    def write(self, samples: Samples) -> None:
        """Takes the stream's next samples."""

    def close(self) -> None:
        """Writes what is left; call it once."""


def opened(fmt: Format, sample_rate: int, outbox: Outbox) -> Encoder:
    """The encoder of that format, writing into `outbox`."""
    if fmt.container is not None:
        return LibsndfileEncoder(fmt, sample_rate, outbox)
    return WavEncoder(sample_rate, outbox) if fmt.name == "wav" else PcmEncoder(outbox)


class PcmEncoder:
    """Bare 16-bit samples."""

    def __init__(self, outbox: Outbox) -> None:
        self._outbox = outbox

    def write(self, samples: Samples) -> None:
        """Writes them at once."""
        self._outbox.write(pcm16(samples).astype("<i2").tobytes())

    def close(self) -> None:
        """Nothing is left."""


class WavEncoder(PcmEncoder):
    """16-bit samples behind a header, which says "unknown length" until the end."""

    def __init__(self, sample_rate: int, outbox: Outbox) -> None:
        super().__init__(outbox)
        self._sample_rate = sample_rate
        outbox.write(wav_header(sample_rate, UNKNOWN_SIZE))
        self._header_bytes = outbox.tell()

    def close(self) -> None:
        """Writes the header anew, with the length."""
        data_bytes = self._outbox.tell() - self._header_bytes
        self._outbox.seek(0)
        self._outbox.write(wav_header(self._sample_rate, data_bytes))


class LibsndfileEncoder:
    """Any format of libsndfile's, in blocks of one length."""

    def __init__(self, fmt: Format, sample_rate: int, outbox: Outbox) -> None:
        is_mp3 = fmt.name == "mp3"
        self._as_integers = fmt.codec == "PCM_16"
        self._held = self._converted(np.zeros(0, dtype=np.float32))
        self._file = soundfile.SoundFile(
            outbox,
            "w",
            samplerate=sample_rate,
            channels=1,
            format=fmt.container,
            subtype=fmt.codec,
            compression_level=mp3_compression(sample_rate) if is_mp3 else None,
            bitrate_mode="CONSTANT" if is_mp3 else None,
        )

    def write(self, samples: Samples) -> None:
        """Writes whole blocks and keeps the rest for the next call."""
        held = np.concatenate((self._held, self._converted(samples)))
        whole = len(held) - len(held) % BLOCK_FRAMES
        for start in range(0, whole, BLOCK_FRAMES):
            self._put(held[start : start + BLOCK_FRAMES])
        self._held = held[whole:]

    def close(self) -> None:
        """Writes the rest and ends the file."""
        if len(self._held):
            self._put(self._held)
        self._file.close()

    def _put(self, block: NDArray[np.float32 | np.int16]) -> None:
        # Not `write`: the array interface it asks for adds to Python's table of strings at each call.
        self._file.buffer_write(block, dtype=block.dtype.name)

    def _converted(self, samples: Samples) -> NDArray[np.float32 | np.int16]:
        return pcm16(samples) if self._as_integers else np.clip(samples, -1.0, 1.0)


def pcm16(samples: Samples) -> NDArray[np.int16]:
    """16-bit samples, rounded to the nearest; what is over full scale stays at full scale."""
    scaled: Samples = np.rint(samples * np.float32(PCM16_SCALE))
    np.clip(scaled, -PCM16_SCALE, PCM16_SCALE - 1, out=scaled)
    return scaled.astype(np.int16)


def wav_header(sample_rate: int, data_bytes: int) -> bytes:
    """The 44 bytes before mono 16-bit samples (RIFF, "Multimedia Programming Interface" 1.0, 1991)."""
    after_size_field = 36
    riff_bytes = min(data_bytes + after_size_field, UNKNOWN_SIZE)
    sample_bytes = 2
    layout = struct.pack("<HHIIHH", 1, 1, sample_rate, sample_rate * sample_bytes, sample_bytes, 16)
    riff = struct.pack("<4sI4s4sI", b"RIFF", riff_bytes, b"WAVE", b"fmt ", len(layout))
    return riff + layout + struct.pack("<4sI", b"data", min(data_bytes, UNKNOWN_SIZE))


def mp3_compression(sample_rate: int) -> float:
    """The compression level, 0…1, by which libsndfile makes the constant bit rate of MP3_RATES."""
    for from_rate, kilobits, lowest, highest in MP3_RATES:
        if sample_rate >= from_rate:
            return (highest - kilobits) / (highest - lowest)
    raise ValueError(f"no bit rate for {sample_rate} Hz")
