"""Formats: what audio files the worker makes and which sample rates each can hold."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True, slots=True, kw_only=True)
class Format:
    """A kind of audio file, as a caller names it."""

    name: str
    content_type: str
    extension: str
    """With its dot."""
    sample_rates: tuple[int, ...] | None = None
    """Hertz, rising; None where every rate will do."""
    container: str | None = None
    """libsndfile's name of the file type; None where the encoder is ours."""
    codec: str = "PCM_16"
    """libsndfile's name of the sample coding."""
    can_be_empty: bool = False
    """Whether a file of no frames is one that decoders read."""


MPEG_RATES = (8_000, 11_025, 12_000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000)
"""MPEG-2.5, MPEG-2 and MPEG-1 layer III, three each."""
OPUS_RATES = (8_000, 12_000, 16_000, 24_000, 48_000)
"""RFC 6716, section 2; libsndfile refuses the rest."""

_ALL = (
    Format(name="wav", content_type="audio/wav", extension=".wav", can_be_empty=True),
    Format(name="pcm", content_type="audio/pcm", extension=".pcm", can_be_empty=True),
    Format(name="flac", content_type="audio/flac", extension=".flac", container="FLAC"),
    Format(
        name="mp3",
        content_type="audio/mpeg",
        extension=".mp3",
        sample_rates=MPEG_RATES,
        container="MP3",
        codec="MPEG_LAYER_III",
    ),
    Format(
        name="ogg",
        content_type="audio/ogg",
        extension=".ogg",
        container="OGG",
        codec="VORBIS",
        can_be_empty=True,
    ),
    Format(
        name="opus",
        content_type="audio/ogg; codecs=opus",
        extension=".opus",
        sample_rates=OPUS_RATES,
        container="OGG",
        codec="OPUS",
    ),
)

FORMATS: Mapping[str, Format] = MappingProxyType({each.name: each for each in _ALL})
"""By name: `ogg` is Ogg Vorbis, `opus` Ogg Opus, `pcm` headerless signed 16-bit little-endian."""


def nearest_rate(format_name: str, wanted: int) -> int:
    """The format's lowest sample rate at or above `wanted` hertz; its highest where there is none."""
    rates = FORMATS[format_name].sample_rates
    if rates is None:
        return wanted
    return min((rate for rate in rates if rate >= wanted), default=rates[-1])
