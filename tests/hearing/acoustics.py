"""What an ear would notice of a recording, as figures: pitch, pace, loudness, peaks, decay and formants."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pyloudnorm
import soxr
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from worker.audio.clip import Clip, Samples

PITCH_FRAME_SEC, PITCH_HOP_SEC = 0.08, 0.04
PITCH_FFT_FRAMES = 8192
PITCHES_HZ = np.geomspace(40.0, 450.0, 600)
"""Candidates, a fourteenth of a semitone apart, from under a man to a woman who calls out."""
HARMONICS = 10
LOUD_DB = -20.0
"""What is this far under the loudest frame is left out: consonants, and the edges of vowels."""
QUIET_DB = -30.0
"""Under the loudest 5 ms: above it even the softest vowel, below it breath and the room after a vowel."""
LEAST_PAUSE_SEC = 0.1
"""A plosive closes the mouth for less."""
SPECTRUM_FRAMES = 2048
FORMANT_BAND_HZ = (200.0, 6000.0)
HARMONIC_GAP_HZ = 300.0
"""A spectrum smoothed over more than one fundamental shows the mouth and not the cords."""


def harmonic_pitch_hz(clip: Clip) -> float:
    """The median fundamental of the loud frames, by which harmonics stand out over the gaps between them.

    Unlike autocorrelation, it looks at the spectrum alone; after Sun, "Pitch determination and voice quality analysis
    using subharmonic-to-harmonic ratio" (ICASSP 2002).
    """
    samples = soxr.resample(clip.samples, clip.sample_rate, 12_000)
    frames = _frames(samples, round(PITCH_FRAME_SEC * 12_000), round(PITCH_HOP_SEC * 12_000))
    loud = frames[_levels_db(frames) > LOUD_DB]
    spectra = np.log(np.abs(np.fft.rfft(loud * np.hanning(loud.shape[1]), PITCH_FFT_FRAMES)) + 1e-6)
    bins = np.outer(np.arange(1, HARMONICS + 1), PITCHES_HZ) * PITCH_FFT_FRAMES / 12_000
    half = PITCHES_HZ / 2 * PITCH_FFT_FRAMES / 12_000
    scores = np.sum(spectra[:, np.rint(bins).astype(int)] - spectra[:, np.rint(bins - half).astype(int)], axis=1)
    return float(np.median(PITCHES_HZ[np.argmax(scores, axis=1)]))


def speech_sec(clip: Clip) -> float:
    """How long somebody speaks: the recording without its pauses."""
    block = round(0.005 * clip.sample_rate)
    quiet = _levels_db(_frames(clip.samples, block, block)) < QUIET_DB
    edges = np.flatnonzero(np.diff(np.concatenate(([0], quiet.astype(int), [0]))))
    runs = (edges[1::2] - edges[::2]) * block / clip.sample_rate
    return clip.duration_sec - float(runs[runs >= LEAST_PAUSE_SEC].sum())


def lufs(clip: Clip) -> float:
    """Integrated loudness by ITU-R BS.1770-4."""
    return float(pyloudnorm.Meter(clip.sample_rate).integrated_loudness(clip.samples.astype(np.float64)))


def peak_db(clip: Clip) -> float:
    """The highest sample, in dB of full scale."""
    return float(20 * np.log10(np.abs(clip.samples).max()))


def true_peak_db(clip: Clip) -> float:
    """The highest point between samples as well, by fourfold oversampling as in ITU-R BS.1770-4."""
    rate = clip.sample_rate
    return peak_db(replace(clip, samples=soxr.resample(clip.samples, rate, 4 * rate, quality="VHQ")))


def rt60_sec(decay: Samples, sample_rate: int) -> float:
    """The time to fall by 60 dB, from Schroeder's backward integral between −5 and −25 dB (ISO 3382, T20)."""
    energy = np.cumsum(np.square(decay[::-1], dtype=np.float64))[::-1]
    level_db = 10 * np.log10(energy / energy[0] + 1e-30)
    start, end = int(np.argmax(level_db < -5)), int(np.argmax(level_db < -25))
    slope, _ = np.polyfit(np.arange(start, end) / sample_rate, level_db[start:end], 1)
    return float(-60 / slope)


def formant_shift_semitones(before: Clip, after: Clip) -> float:
    """By how much the long-term envelope lies higher in `after`: the interval at which the two agree best, up to 6."""
    step = 0.05
    low, high = FORMANT_BAND_HZ
    grid_hz = low * 2 ** (np.arange(0, 12 * np.log2(high / low), step) / 12)
    one, other = (_envelope_db(clip, grid_hz) for clip in (before, after))
    reach = round(6 / step)
    core = one[reach:-reach]
    agreement = [
        float(np.corrcoef(core, other[reach + shift : len(other) - reach + shift])[0, 1])
        for shift in range(-reach, reach + 1)
    ]
    return (int(np.argmax(agreement)) - reach) * step


def _envelope_db(clip: Clip, grid_hz: NDArray[np.float64]) -> NDArray[np.float64]:
    frames = _frames(clip.samples, SPECTRUM_FRAMES, SPECTRUM_FRAMES // 2) * np.hanning(SPECTRUM_FRAMES)
    power = np.mean(np.abs(np.fft.rfft(frames)) ** 2, axis=0)
    smooth = np.hanning(2 * round(HARMONIC_GAP_HZ * SPECTRUM_FRAMES / clip.sample_rate) + 1)
    power = np.convolve(power, smooth / smooth.sum(), "same")
    hertz = np.fft.rfftfreq(SPECTRUM_FRAMES, 1 / clip.sample_rate)
    return np.asarray(np.interp(grid_hz, hertz, 10 * np.log10(power + 1e-20)))


def _frames(samples: Samples, length: int, hop: int) -> NDArray[np.float32]:
    return sliding_window_view(samples, length)[::hop]


def _levels_db(frames: NDArray[np.float32]) -> NDArray[np.float64]:
    """Of each row, under the loudest."""
    power = np.mean(np.square(frames, dtype=np.float64), axis=1)
    return np.asarray(10 * np.log10(power / power.max() + 1e-20))
