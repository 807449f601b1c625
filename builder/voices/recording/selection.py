"""Selection: the part of a recording that makes the best reference of its speaker."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from builder.voices.recording.activity import Activity, BoolArray, FloatArray, IntArray, activity, frames
from builder.voices.recording.clipping import clipped_by_frame
from builder.voices.recording.phrases import Phrases, phrases
from builder.voices.recording.pitch import median_hz, typical_hz
from builder.voices.recording.worth import CUT_IN_SPEECH_DB, Sums
from worker.audio.clip import Clip, Samples
from worker.audio.fades import ATTACK_SEC, CUT_SEC
from worker.audio.reference import FRAME_SEC
from worker.errors import AudioTooLong

KEPT_SEC = 0.15
"""Of the pauses before and behind: a word may begin and end in less than the noise."""
FINALISTS = 8
"""Stretches whose pitch is measured too."""
APART_SEC = 3.0
"""Between the starts of two finalists at least: else all of them would be the same."""
SEMITONE_DB = 2.0
"""What each semitone takes by which the stretch is higher or lower than the speaker mostly is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SelectionLimits:
    """What is wanted of a selection, and of what it comes from."""

    min_sec: float = 10.0
    """What Chatterbox's acoustic half hears of a reference; a recording that has less is taken whole."""
    max_sec: float = 15.0
    """What Chatterbox Turbo hears of it, the most of all."""
    longest_sec: float = 1800.0
    """Of the recording; half an hour at 48 kHz are 330 MiB of samples."""


DEFAULT_LIMITS = SelectionLimits()


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Selection:
    """A stretch of a recording."""

    clip: Clip
    """The samples as they were, save short fades at ends that lie in no pause."""
    start_sec: float
    """From the start of the recording."""
    end_sec: float
    starts_in_pause: bool
    """Else speech was cut there, or the recording begins with it."""
    ends_in_pause: bool


def select(clip: Clip, limits: SelectionLimits = DEFAULT_LIMITS) -> Selection:
    """The best stretch of `limits.min_sec` to `limits.max_sec`; all speech of a recording that has less.

    It has as much speech as can be at a steady level, with little noise, no clipping and no long pauses, in the
    speaker's usual pitch and loudness, and begins and ends in pauses wherever there are any.

    Raises:
        InvalidReference: the recording holds no speech.
        AudioTooLong: it is longer than `limits.longest_sec`.
    """
    if clip.duration_sec > limits.longest_sec:
        raise AudioTooLong(
            f"the recording takes {clip.duration_sec:.0f} s; at most {limits.longest_sec:g} s are looked through: "
            "cut the best part out of it"
        )
    active = activity(clip)
    found = phrases(active)
    if (found.ends[-1] - found.starts[0]) * FRAME_SEC <= limits.min_sec:
        return _cut(clip, active, found, _Candidate(first=0, last=len(found.starts) - 1, worth=0.0))
    sums = Sums.of(active, clipped_by_frame(clip, active.frame, len(active.levels_dbfs)))
    candidates = list(_finalists(found, sums, limits))
    usual_hz = typical_hz(clip, active)
    return _cut(clip, active, found, max(candidates, key=partial(_worth_beside, clip, active, found, usual_hz)))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Candidate:
    first: int
    """The phrase it begins with."""
    last: int
    """The phrase it ends with."""
    worth: float


def _worth_beside(clip: Clip, active: Activity, found: Phrases, usual_hz: float | None, candidate: _Candidate) -> float:
    """What the candidate is worth with its pitch counted in."""
    start, end = found.starts[candidate.first] * active.frame, found.ends[candidate.last] * active.frame
    hertz = median_hz(replace(clip, samples=clip.samples[start:end])) if usual_hz else None
    if not hertz or not usual_hz:
        return candidate.worth
    return candidate.worth - SEMITONE_DB * 12 * abs(math.log2(hertz / usual_hz))


def _finalists(found: Phrases, sums: Sums, limits: SelectionLimits) -> Iterator[_Candidate]:
    """The best stretches that start at different moments, the best first."""
    worths, lasts = _best_from_each(found, sums, limits)
    taken: list[int] = []
    for first in np.argsort(-worths, kind="stable"):
        start = int(found.starts[first])
        if all(abs(start - other) >= frames(APART_SEC) for other in taken):
            taken.append(start)
            yield _Candidate(first=int(first), last=int(lasts[first]), worth=float(worths[first]))
        if len(taken) == FINALISTS:
            return


def _best_from_each(found: Phrases, sums: Sums, limits: SelectionLimits) -> tuple[FloatArray, IntArray]:
    """What the best stretch is worth that starts with each phrase, and the last phrase of it."""
    count = len(found.starts)
    best, lasts = np.full(count, -np.inf), np.arange(count)
    longest = max(frames(limits.max_sec - 2 * KEPT_SEC), 1)
    for more in range(count):
        firsts = np.arange(count - more)
        starts, ends = found.starts[firsts], found.ends[firsts + more]
        fits = (ends - starts <= longest) | (more == 0)
        if not fits.any():
            break
        firsts, starts, ends = firsts[fits], starts[fits], ends[fits]
        worths = sums.worth(starts, ends, min_sec=limits.min_sec, max_sec=limits.max_sec)
        worths -= CUT_IN_SPEECH_DB * (~found.starts_in_pause[firsts]).astype(float)
        worths -= CUT_IN_SPEECH_DB * (~found.ends_in_pause[firsts + more]).astype(float)
        better = worths > best[firsts]
        best[firsts[better]] = worths[better]
        lasts[firsts[better]] = firsts[better] + more
    return best, lasts


def _cut(clip: Clip, active: Activity, found: Phrases, best: _Candidate) -> Selection:
    starts_in_pause, ends_in_pause = bool(found.starts_in_pause[best.first]), bool(found.ends_in_pause[best.last])
    start, end = int(found.starts[best.first]), int(found.ends[best.last])
    start -= _pause_frames(active.speech[:start][::-1]) * starts_in_pause
    end += _pause_frames(active.speech[end:]) * ends_in_pause
    samples = clip.samples[start * active.frame : end * active.frame]
    if not starts_in_pause or not ends_in_pause:
        samples = _faded(samples, clip.sample_rate, fade_in=not starts_in_pause, fade_out=not ends_in_pause)
    return Selection(
        clip=Clip(samples=samples, sample_rate=clip.sample_rate),
        start_sec=start * active.frame / clip.sample_rate,
        end_sec=end * active.frame / clip.sample_rate,
        starts_in_pause=starts_in_pause,
        ends_in_pause=ends_in_pause,
    )


def _pause_frames(speech: BoolArray) -> int:
    """How many of the first frames are pause; KEPT_SEC at most."""
    near = speech[: frames(KEPT_SEC)]
    return int(np.argmax(near)) if near.any() else len(near)


def _faded(samples: Samples, sample_rate: int, *, fade_in: bool, fade_out: bool) -> Samples:
    faded = samples.copy()
    attack, release = (min(round(sec * sample_rate), len(samples) // 2) for sec in (ATTACK_SEC, CUT_SEC))
    if fade_in:
        faded[:attack] *= np.linspace(0, 1, attack, endpoint=False, dtype=np.float32)
    if fade_out and release:
        faded[-release:] *= np.linspace(1, 0, release, dtype=np.float32)
    return faded
