"""Decoding: the bytes of an audio file that a caller sent become a clip."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import soundfile
from numpy.typing import NDArray

from worker.audio.clip import Clip, Samples
from worker.errors import AudioTooLong, InvalidAudio


@dataclass(frozen=True, slots=True, kw_only=True)
class DecodeLimits:
    """What an audio file may hold; it is judged by what comes out of it, not by what its header says."""

    max_bytes: int = 50 * 2**20
    """Of the file. Ten minutes of MP3 are 23 MiB at the highest bit rate."""
    max_duration_sec: float = 600.0
    max_frames: int = 600 * 48_000
    """Bounds memory at any sample rate: 110 MiB of samples, which is ten minutes at 48 kHz."""
    max_channels: int = 8
    """7.1 surround."""
    min_sample_rate: int = 4_000
    """Hertz; half the rate of a telephone."""
    max_sample_rate: int = 192_000
    """Hertz; the highest of studio converters."""


DEFAULT_LIMITS = DecodeLimits()

BLOCK_FRAMES = 65_536
"""Read at once: at eight channels 2 MiB."""
SNIFFED_BYTES = 12
"""As far as the last magic number reaches: RIFF, a size, WAVE."""

LINEAR = frozenset({"PCM_U8", "PCM_16", "PCM_24", "PCM_32", "FLOAT", "DOUBLE"})
TELEPHONE = frozenset({"ULAW", "ALAW"})
"""ITU-T G.711. Allowed because each sample is one look-up in a table; ADPCM, GSM and their like have decoders
with a state that a file can drive."""
CODECS = {
    "WAV": LINEAR | TELEPHONE,
    "WAVEX": LINEAR | TELEPHONE,
    "FLAC": frozenset({"PCM_S8", "PCM_16", "PCM_24"}),
    "MP3": frozenset({"MPEG_LAYER_III"}),
    "OGG": frozenset({"VORBIS", "OPUS"}),
}
"""The sample codings read from each of libsndfile's file types."""
UNREADABLE = "the audio is not a WAV (PCM, float, u-law or A-law), FLAC, MP3, Ogg Vorbis or Ogg Opus file"


def decode(data: bytes, *, limits: DecodeLimits = DEFAULT_LIMITS) -> Clip:
    """The file's audio at its own sample rate, its channels averaged.

    What is over full scale is brought down to it as a whole. A file that was cut short gives the audio that
    is there, unless its decoder calls that damage, as FLAC's does.

    Raises:
        InvalidAudio: the file is of no kind that is read, too large, damaged, empty or out of the limits.
        AudioTooLong: it holds more audio than the limits allow.
    """
    if len(data) > limits.max_bytes:
        raise InvalidAudio(f"the audio file is over the limit of {limits.max_bytes} bytes")
    containers = _sniffed(data[:SNIFFED_BYTES])
    try:
        with _ForwardFile(io.BytesIO(data)) as file:
            _check(file, containers, limits)
            samples = _collected(_blocks(file, limits))
            sample_rate = file.samplerate
    except soundfile.SoundFileError as error:
        raise InvalidAudio("the audio file is damaged or of an unknown kind") from error
    return Clip(samples=_within_full_scale(samples), sample_rate=sample_rate)


class _ForwardFile(soundfile.SoundFile):  # type: ignore[misc]  # soundfile ships no types
    """A file read from front to back.

    After each read of a seekable file soundfile seeks to where it is already. MP3 decoders lose their state
    by that, and every block would begin with a click.
    """

    def seekable(self) -> bool:
        return False


def _sniffed(start: bytes) -> frozenset[str]:
    """The file types the first bytes stand for: nothing is left to libsndfile's own guesses."""
    if start[:4] == b"RIFF" and start[8:12] == b"WAVE":
        return frozenset({"WAV", "WAVEX"})
    if start[:4] == b"fLaC":
        return frozenset({"FLAC"})
    if start[:4] == b"OggS":
        return frozenset({"OGG"})
    if start[:3] == b"ID3":
        return frozenset({"MP3", "FLAC"})
    if _is_layer_three(start):
        return frozenset({"MP3"})
    raise InvalidAudio(UNREADABLE)


def _is_layer_three(start: bytes) -> bool:
    """Whether an MPEG frame begins here: eleven bits set, any version, layer III (ISO 11172-3, 2.4.1.3)."""
    mask, layer_three = 0xFFE6, 0xFFE2
    return int.from_bytes(start[:2], "big") & mask == layer_three


def _check(file: soundfile.SoundFile, containers: frozenset[str], limits: DecodeLimits) -> None:
    if file.format not in containers or file.subtype not in CODECS[file.format]:
        raise InvalidAudio(UNREADABLE)
    if not 1 <= file.channels <= limits.max_channels:
        raise InvalidAudio(f"the audio has {file.channels} channels; at most {limits.max_channels} are read")
    if not limits.min_sample_rate <= file.samplerate <= limits.max_sample_rate:
        raise InvalidAudio(
            f"the audio's sample rate is {file.samplerate} Hz; "
            f"{limits.min_sample_rate} to {limits.max_sample_rate} are read"
        )


def _blocks(file: soundfile.SoundFile, limits: DecodeLimits) -> Iterator[Samples]:
    """Mono blocks to the end of the file; the array behind them is used again."""
    max_frames = min(limits.max_frames, int(limits.max_duration_sec * file.samplerate))
    block = np.empty((min(BLOCK_FRAMES, max_frames + 1), file.channels), dtype=np.float32)
    frames = 0
    while count := file.buffer_read_into(block, dtype="float32"):
        frames += count
        if frames > max_frames:
            raise AudioTooLong(f"the audio is longer than the limit of {max_frames / file.samplerate:.1f} s")
        yield _mono(block[:count])


def _mono(block: NDArray[np.float32]) -> Samples:
    # NaN, infinity and what is over float32 come from float files only, and no later stage can mend them.
    if not np.isfinite(block).all():
        raise InvalidAudio("the audio holds samples that are not finite numbers")
    if block.shape[1] == 1:
        return block[:, 0]
    mixed: NDArray[np.float64] = block.mean(axis=1, dtype=np.float64)
    return mixed.astype(np.float32)


def _collected(blocks: Iterator[Samples]) -> Samples:
    # A bytearray grows in place; a list of blocks would need everything twice at the end.
    collected = bytearray()
    for block in blocks:
        collected += block.tobytes()
    if not collected:
        raise InvalidAudio("the file holds no audio")
    return np.frombuffer(collected, dtype=np.float32)


def _within_full_scale(samples: Samples) -> Samples:
    peak = max(samples.max(), -samples.min())
    if peak > 1.0:
        samples /= peak
    return samples
