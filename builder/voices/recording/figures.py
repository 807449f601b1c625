"""Figures: what is measured of a recording."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """Levels are root mean squares in decibels of full scale: that of a full-scale sine is −3."""

    duration_sec: float
    speech_sec: float
    """With the short silences in it, of which there are in any speech; without the pauses."""
    level_dbfs: float
    """Of the speech."""
    level_spread_db: float
    """Between the quiet and the loud seconds of it."""
    noise_dbfs: float | None
    """Of the pauses; −120 is digital silence, None that there is no pause."""
    snr_db: float | None
    """How far the pauses lie under the speech; None where there is no pause."""
    peak_dbfs: float
    """Of the highest sample; 0 is full scale."""
    clipped_share: float
    """Of all samples, those on tops that are cut off flat; an MP3 of a clipped recording has lost them."""
    dc_offset: float
    """The mean of all samples, full scale 1."""
    sample_rate: int
    """Hertz."""
    bandwidth_hz: float
    """The highest frequency at which speech stands out of the noise."""
    cut_off: bool
    """Whether the spectrum breaks off there; else it fades or sinks into the noise."""
    f0_hz: float | None
    """The fundamental that half of the voiced speech is above; None where nothing is voiced."""
    f0_low_hz: float | None
    """One voiced moment in twenty is lower."""
    f0_high_hz: float | None
    """One voiced moment in twenty is higher."""
    hum_hz: int | None
    """50 or 60 where the noise of the pauses is a hum of the mains for the most part."""
    hum_dbfs: float | None
