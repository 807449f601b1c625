"""Faults of the sound itself, whatever is said: no numbers, no sound, flat tops, an offset."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from worker.audio.clip import Clip
from worker.engines.base import Utterance, Verdict
from worker.guards.calibration import pace
from worker.guards.check import Finding, share
from worker.guards.frames import HOP_SEC, FloatArray, framed, longest_run

STRIDE = 2
"""Frames from one window of levels to the next."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NonFinite:
    """Samples that are not numbers."""

    name: str = "non_finite"

    def judge(self, utterance: Utterance, clip: Clip, verdict: Verdict) -> Finding | None:  # noqa: ARG002 - the sound alone
        """Fatal where there is one."""
        count = int(np.count_nonzero(~np.isfinite(clip.samples)))
        return Finding(name=self.name, severity=1.0, fatal=True, detail={"samples": count}) if count else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Silent:
    """No sound, or next to none."""

    name: str = "silent"
    quietest_db: float = -60.0
    """Of full scale, for the loud frames; the level stage lifts by 20 dB at most."""
    shortest_sec: float = 0.03
    """A plosive alone is longer."""

    def judge(self, utterance: Utterance, clip: Clip, verdict: Verdict) -> Finding | None:  # noqa: ARG002 - the sound alone
        """Fatal where there is nothing to hear."""
        frames = framed(clip)
        if frames.speech_sec > self.shortest_sec and frames.levels_db.max(initial=-np.inf) > self.quietest_db:
            return None
        detail = {"sound_sec": frames.speech_sec, "level_db": frames.speech_db}
        return Finding(name=self.name, severity=1.0, fatal=True, detail=detail)


@dataclass(frozen=True, slots=True, kw_only=True)
class Clipped:
    """Tops cut off flat: runs of samples that stand at the peak."""

    name: str = "clipped"
    run_samples: int = 4
    """Shorter runs are rounded tops of low partials."""
    most: float = 0.006
    """Share of samples that may be part of such runs."""
    tolerance: float = 1e-3

    def judge(self, utterance: Utterance, clip: Clip, verdict: Verdict) -> Finding | None:  # noqa: ARG002 - the sound alone
        """How much of the clip is flat."""
        flat = flat_share(clip, self.run_samples, self.tolerance)
        if flat <= self.most:
            return None
        return Finding(name=self.name, severity=share(10 * flat), detail={"flat_share": flat})


def flat_share(clip: Clip, run_samples: int, tolerance: float) -> float:
    """Share of samples in runs of at least `run_samples` at the clip's highest or lowest value."""
    samples = clip.samples
    reach = tolerance * float(np.abs(samples).max(initial=0.0))
    flat = 0
    for top in (samples >= samples.max(initial=0.0) - reach, samples <= samples.min(initial=0.0) + reach):
        edges = np.flatnonzero(np.diff(np.concatenate(([False], top, [False]))))
        runs = edges[1::2] - edges[::2]
        flat += int(runs[runs >= run_samples].sum())
    return flat / max(1, len(samples))


@dataclass(frozen=True, slots=True, kw_only=True)
class Offset:
    """A direct current under the sound: it clicks at every join and eats headroom."""

    name: str = "offset"
    most: float = 0.06
    """Of full scale; short clips of a whisper reach 0.04."""
    most_of_level: float = 0.15
    """And of the sound's root mean square."""

    def judge(self, utterance: Utterance, clip: Clip, verdict: Verdict) -> Finding | None:  # noqa: ARG002 - the sound alone
        """How far from zero the clip's mean is."""
        if not len(clip.samples):
            return None
        mean = abs(float(clip.samples.mean(dtype=float)))
        level = float(clip.samples.std(dtype=float))
        if mean <= max(self.most, self.most_of_level * level):
            return None
        return Finding(name=self.name, severity=share(5 * mean), detail={"mean": mean, "level": level})


@dataclass(frozen=True, slots=True, kw_only=True)
class SteadyNoise:
    """Sound without the rise and fall of syllables: hiss, hum or buzz, after the speech or inside it."""

    name: str = "steady_noise"
    window_sec: float = 1.0
    """Four to eight syllables long, at normal speed."""
    steadiest_db: float = 1.2
    """Least deviation of speech from a straight line of levels; a hum has 0.2, white noise 0.3."""

    def judge(self, utterance: Utterance, clip: Clip, verdict: Verdict) -> Finding | None:  # noqa: ARG002 - text and sound
        """How long it is steady at most."""
        steady_sec = self.steady_sec(clip, self.window_sec / min(pace(utterance), 1.0))
        if not steady_sec:
            return None
        return Finding(name=self.name, severity=share(0.3 + 0.2 * steady_sec), detail={"steady_sec": steady_sec})

    def steady_sec(self, clip: Clip, window_sec: float) -> float:
        """Length of the longest steady sound of at least `window_sec`; 0.0 where all that sounds is lively."""
        frames = framed(clip)
        size = round(window_sec / HOP_SEC)
        if len(frames.levels_db) < size:
            return 0.0
        sounding = np.lib.stride_tricks.sliding_window_view(frames.sounding, size)[::STRIDE].all(axis=1)
        _, run = longest_run(sounding & (deviations_db(frames.levels_db, size) < self.steadiest_db))
        return window_sec + STRIDE * HOP_SEC * (run - 1) if run else 0.0


def deviations_db(levels_db: FloatArray, size: int) -> FloatArray:
    """Root mean square by which windows of `size` frames, one every STRIDE, leave their straight lines."""
    windows = np.lib.stride_tricks.sliding_window_view(levels_db, size)[::STRIDE]
    slope = np.arange(size) - (size - 1) / 2
    slope /= np.linalg.norm(slope)
    mean = windows.mean(axis=1)
    power = np.square(windows).mean(axis=1) - mean**2 - (windows @ slope) ** 2 / size
    deviations: FloatArray = np.sqrt(np.maximum(power, 0.0))
    return deviations
