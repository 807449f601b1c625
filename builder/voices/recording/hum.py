"""Hum: the mains, heard in the pauses."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from builder.voices.recording.activity import Activity, FloatArray, runs
from worker.audio.clip import Clip

MAINS_HZ = (50, 60)
WINDOW_SEC = 0.2
"""The two mains are two bins apart, the width of a line through a Hann window."""
PARTIALS = 5
"""Up to 300 Hz; rectifiers hum at twice the mains and its multiples."""
NEIGHBOURS = (3, 4, -3, -4)
"""Bins beside a line that show what the noise around it is."""
LEAST_WINDOWS, MOST_WINDOWS = 2, 500
SHARE = 0.5
"""Of the noise: with less of it, the hum is not what is heard."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hum:
    """A hum that is most of what is heard in the pauses."""

    mains_hz: int
    level_dbfs: float


def hum(clip: Clip, active: Activity) -> Hum | None:
    """The hum of a recording; None where there is none, or too little of pauses to tell."""
    spectra = _pause_powers(clip, active)
    if len(spectra) < LEAST_WINDOWS:
        return None
    power = np.median(spectra, axis=0)  # a window in which a word still fades does not count
    if len(power) <= PARTIALS * max(MAINS_HZ) * WINDOW_SEC + max(NEIGHBOURS):
        return None
    lines = {mains: _lines(power, mains) for mains in MAINS_HZ}
    mains = max(lines, key=lambda candidate: lines[candidate])
    if lines[mains] <= SHARE * power.sum():
        return None
    return Hum(mains_hz=mains, level_dbfs=float(10 * np.log10(lines[mains])))


def _lines(power: FloatArray, mains_hz: int) -> float:
    """The power of the mains and its partials beyond that of the noise between them."""
    total = 0.0
    for partial in range(1, PARTIALS + 1):
        line = round(partial * mains_hz * WINDOW_SEC)
        around = float(np.median([power[line + beside] for beside in NEIGHBOURS]))
        total += max(0.0, float(power[line - 1 : line + 2].sum()) - 3 * around)
    return total


def _pause_powers(clip: Clip, active: Activity) -> FloatArray:
    """Power spectra of the pauses, by bin, whose sum is the mean square of the sound, float64 [windows, bins]."""
    length = max(2, round(WINDOW_SEC * clip.sample_rate))
    taper = np.hanning(length + 1)[:-1]
    starts = [
        begin
        for start, end in zip(*runs(active.quiet), strict=True)
        for begin in range(start * active.frame, end * active.frame - length + 1, max(1, length // 4))
    ]
    if not starts:
        return np.zeros((0, length // 2 + 1))
    windows = np.stack([clip.samples[start : start + length] for start in starts[:MOST_WINDOWS]]).astype(np.float64)
    windows -= windows.mean(axis=1, keepdims=True)
    spectra = np.abs(np.fft.rfft(windows * taper, axis=1)) ** 2
    return np.asarray(2 * spectra / (length * np.sum(taper**2)))
