"""The recording among the fields of a file: mono samples at full scale, and their sample rate."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from builder.voices.legacy.errors import TooLarge, UnusableRecording
from builder.voices.legacy.limits import MAX_DURATION_SEC, MAX_SAMPLE_RATE, MIN_SAMPLE_RATE
from builder.voices.legacy.stored_array import StoredArray

AUDIO_FIELDS = ("audio", "samples", "waveform")
RATE_FIELDS = ("sample_rate", "sampling_rate", "sr")
FIELDS = frozenset(AUDIO_FIELDS + RATE_FIELDS)
DTYPES = frozenset(("f2", "f4", "f8", "i2", "i4"))
MAX_CHANNELS = 2
MAX_OVERSHOOT = 2.0
"""Resamplers overshoot full scale by a few decibels; a higher peak means that the samples are on another scale."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Recording:
    """What a voice sounds like."""

    samples: NDArray[np.float32]
    """Mono, float32 [n], within −1…1."""
    sample_rate: int
    """Hertz."""


def recording_in(fields: Mapping[str, object], *, sample_rate: object) -> Recording:
    """The audio and its sample rate, which is `sample_rate` in hertz where the fields do not tell it.

    Whole numbers are scaled, the two channels of a stereo recording are averaged, and what overshoots full scale is
    brought down to it as a whole.

    Raises:
        UnusableRecording: there is no audio of numbers, or no sample rate, or not one of sound.
        TooLarge: the audio lasts too long.
    """
    array = _first(fields, AUDIO_FIELDS)
    if not isinstance(array, StoredArray) or not array.shape or array.dtype.str[1:] not in DTYPES:
        raise UnusableRecording("has no field 'audio' that is an array of numbers; save it again as float32 or int16")
    if not array.data:
        raise UnusableRecording("has no audio; record it again")
    rate = _rate(_first(fields, RATE_FIELDS), sample_rate)
    channels = _channels(array.numbers())
    if channels.shape[1] > MAX_DURATION_SEC * rate:
        raise TooLarge(f"lasts longer than {MAX_DURATION_SEC} seconds; cut its recording to half a minute")
    return Recording(samples=_at_full_scale(channels), sample_rate=rate)


def _first(fields: Mapping[str, object], names: tuple[str, ...]) -> object:
    return next((fields[name] for name in names if fields.get(name) is not None), None)


def _rate(told: object, otherwise: object) -> int:
    rate = _number(otherwise if told is None else told)
    if rate is None:
        raise UnusableRecording("does not tell its sample rate; give one in hertz, or add it to voice_catalog.json")
    if not MIN_SAMPLE_RATE <= rate <= MAX_SAMPLE_RATE or rate != int(rate):
        raise UnusableRecording(
            f"has a sample rate outside {MIN_SAMPLE_RATE} to {MAX_SAMPLE_RATE} Hz, or not a whole one; correct it"
        )
    return int(rate)


def _number(value: object) -> int | float | None:
    if isinstance(value, StoredArray) and value.dtype.kind in "iuf" and len(value.data) == value.dtype.itemsize:
        value = value.numbers().reshape(()).item()
    return value if isinstance(value, int | float) else None


def _channels(array: NDArray[Any]) -> NDArray[Any]:
    """`array` as [channels, n]."""
    array = np.atleast_2d(array)
    if array.ndim > 2 or min(array.shape) > MAX_CHANNELS:  # noqa: PLR2004 - channels and samples
        raise UnusableRecording("has audio that is neither [n], [1, n] nor [2, n]; save it again as mono")
    return array if array.shape[0] <= MAX_CHANNELS else array.T


def _at_full_scale(channels: NDArray[Any]) -> NDArray[np.float32]:
    bits = 8 * channels.dtype.itemsize
    scale = 2.0 ** (bits - 1) if channels.dtype.kind == "i" else _peak_over_full_scale(channels)
    samples: NDArray[np.float64] = channels.mean(axis=0, dtype=np.float64)
    return (samples / scale).astype(np.float32)


def _peak_over_full_scale(channels: NDArray[Any]) -> float:
    peak = max(-float(channels.min()), float(channels.max()))
    if not peak <= MAX_OVERSHOOT:  # as NaN is not either
        raise UnusableRecording("has audio outside −1…1; divide it by its full scale, which is 32768 for 16 bits")
    return max(peak, 1.0)
