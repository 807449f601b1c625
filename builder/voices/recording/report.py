"""Report: what was measured of a recording, and what to record better."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from builder.voices.recording.activity import Activity, activity
from builder.voices.recording.clipping import clipped_share
from builder.voices.recording.figures import Figures
from builder.voices.recording.hum import hum
from builder.voices.recording.pitch import LEAST_VOICED, voiced_hz
from builder.voices.recording.rules import advice, refusals
from builder.voices.recording.spectrum import band
from builder.voices.recording.worth import second_dbfs
from worker.audio.clip import Clip
from worker.audio.reference import FRAME_SEC
from worker.errors import InvalidReference

Severity = Literal["fine", "warn", "refuse"]

F0_PERCENTILES = (5, 50, 95)
"""The range without the octave that a pitch detector now and then is wrong by."""
SPREAD_PERCENTILES = (10, 90)
"""Of the levels by second: without the last word of a sentence."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """The figures of a recording and what follows from them; `dataclasses.asdict` makes JSON of it."""

    figures: Figures
    advice: tuple[str, ...]
    """What to record better, with numbers; the refusals first."""
    severity: Severity
    """`refuse`: nobody should be cloned from it; `warn`: it could be better."""


def examine(clip: Clip) -> Report:
    """The report on all of a clip: a raw recording, or what was selected from it.

    Raises:
        InvalidReference: it is silent or holds no speech, so that there is nothing to report on.
    """
    figures = measure(clip)
    refused, advised = refusals(figures), advice(figures)
    severity: Severity = "refuse" if refused else "warn" if advised else "fine"
    return Report(figures=figures, advice=refused + advised, severity=severity)


def require_usable(report: Report) -> None:
    """Passes a report that is fine or has warnings only.

    Raises:
        InvalidReference: the severity is `refuse`; the message says why and what to record instead.
    """
    if report.severity == "refuse":
        raise InvalidReference("; ".join(refusals(report.figures)))


def measure(clip: Clip) -> Figures:
    """The figures of a clip.

    Raises:
        InvalidReference: it is silent or holds no speech.
    """
    active = activity(clip)
    noise, spectrum, mains = active.noise_dbfs, band(clip, active), hum(clip, active)
    low, middle, high = _f0(clip, active)
    return Figures(
        duration_sec=clip.duration_sec,
        speech_sec=float(active.speech.sum() * FRAME_SEC),
        level_dbfs=active.speech_dbfs,
        level_spread_db=_spread_db(active),
        noise_dbfs=noise,
        snr_db=None if noise is None else active.speech_dbfs - noise,
        peak_dbfs=float(20 * np.log10(max(float(clip.samples.max()), -float(clip.samples.min()), 1e-6))),
        clipped_share=clipped_share(clip),
        dc_offset=float(clip.samples.mean(dtype=np.float64)),
        sample_rate=clip.sample_rate,
        bandwidth_hz=spectrum.end_hz,
        cut_off=spectrum.cut_off,
        f0_hz=middle,
        f0_low_hz=low,
        f0_high_hz=high,
        hum_hz=mains.mains_hz if mains else None,
        hum_dbfs=mains.level_dbfs if mains else None,
    )


def _spread_db(active: Activity) -> float:
    quiet, loud = np.percentile(second_dbfs(active.levels_dbfs, active.speech)[active.speech], SPREAD_PERCENTILES)
    return float(loud - quiet)


def _f0(clip: Clip, active: Activity) -> tuple[float | None, float | None, float | None]:
    voiced = voiced_hz(clip, active)
    if len(voiced) < LEAST_VOICED:
        return None, None, None
    low, middle, high = (float(hertz) for hertz in np.percentile(voiced, F0_PERCENTILES))
    return low, middle, high
