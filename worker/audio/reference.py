"""References: what a recording of a speaker must be like before anybody speaks as them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from voice_library.voice import Reference
from worker.audio.clip import Clip, Samples
from worker.errors import InvalidAudio, InvalidReference

FRAME_SEC = 0.02
"""A period of 50 Hz, below any voice: the level of a frame does not follow the waveform."""
SILENT_DBFS = -60.0
"""Level of the loudest frame under which there is nothing to hear; the noise of 16-bit samples is 38 dB below."""
PAUSE_DB = 40.0
"""What lies further under the loudest frame is a pause: quiet consonants are some 30 dB under a loud vowel."""
LONGEST_PAUSE_SEC = 1.0
"""A longer one is not a part of speech."""
QUIET_DBFS = -40.0
"""Level of speech under which the noise of a room or a microphone is a large part of what is heard."""
DULL_RATE = 16_000
"""Hertz; below, as on the telephone, the upper half of the consonants is missing."""
FULL_SCALE = 0.999
CLIPPED_RUN = 3
"""Samples in a row at full scale that no voice makes without being cut off."""
CLIPPED_SHARE = 0.001
"""Of all samples; less than one in a thousand is not heard."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReferenceLimits:
    """What an engine wants of a reference."""

    min_sec: float
    """Shorter ones are refused."""
    good_sec: float
    """Shorter ones work, but not well."""
    heard_sec: float
    """What it hears of a longer one, from the start."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """A reference that may be used, and what could be better about it."""

    reference: Reference
    """The samples as they came."""
    warnings: tuple[str, ...]


def judge(clip: Clip, limits: ReferenceLimits) -> Judged:
    """The recording as a reference; what counts is the sound in the part of it that is heard.

    Raises:
        InvalidReference: it is silent, or too short without the silence in it.
    """
    heard_frames = int(limits.heard_sec * clip.sample_rate)
    heard = Clip(samples=clip.samples[:heard_frames], sample_rate=clip.sample_rate)
    levels = levels_dbfs(heard)
    if len(levels) and levels.max() < SILENT_DBFS:
        raise InvalidReference(f"the recording is silent{_in_the_part(clip, limits)}", field="reference_audio")
    sound_sec = _sound_sec(levels) if len(levels) else 0.0
    if sound_sec < limits.min_sec:
        raise InvalidReference(
            f"the recording has {sound_sec:.1f} s of sound{_in_the_part(clip, limits)}, silence left out: "
            f"send at least {limits.min_sec:g} s, better {limits.good_sec:g} s",
            field="reference_audio",
        )
    warnings = [*_lengths(clip, sound_sec, limits), *_faults(heard, levels)]
    return Judged(reference=_reference(clip), warnings=tuple(warnings))


def judge_source(clip: Clip) -> tuple[str, ...]:
    """What could be better about a recording that is to be said again.

    Raises:
        InvalidAudio: it is silent.
    """
    if is_silent(clip):
        raise InvalidAudio("the recording is silent", field="source_audio")
    return tuple(_faults(clip, levels_dbfs(clip)))


def is_silent(clip: Clip) -> bool:
    """Whether there is nothing to hear: no sound, or a constant."""
    levels = levels_dbfs(clip)
    return not len(levels) or bool(levels.max() < SILENT_DBFS)


def levels_dbfs(clip: Clip) -> NDArray[np.float64]:
    """The level of each whole frame about its mean, so that an offset is no sound; of a full-scale sine, −3."""
    frame = max(1, round(FRAME_SEC * clip.sample_rate))
    frames = clip.samples[: len(clip.samples) // frame * frame].reshape(-1, frame)
    mean = frames.mean(axis=1, dtype=np.float64)
    power = np.einsum("ij,ij->i", frames, frames, dtype=np.float64) / frame - mean**2
    levels: NDArray[np.float64] = 10 * np.log10(np.maximum(power, 1e-12))
    return levels


def _sound_sec(levels: NDArray[np.float64]) -> float:
    """Seconds from the first sound to the last, less the pauses that are too long for speech."""
    loud = np.flatnonzero(levels >= max(levels.max() - PAUSE_DB, SILENT_DBFS))
    gaps = np.diff(loud) - 1
    silent = gaps[gaps * FRAME_SEC > LONGEST_PAUSE_SEC].sum()
    return float(loud[-1] - loud[0] + 1 - silent) * FRAME_SEC


def _lengths(clip: Clip, sound_sec: float, limits: ReferenceLimits) -> list[str]:
    warnings = []
    if sound_sec < limits.good_sec:
        warnings.append(
            f"the recording has {sound_sec:.1f} s of sound; from {limits.good_sec:g} s on the voice is met better"
        )
    if clip.duration_sec > limits.heard_sec:
        warnings.append(f"only the first {limits.heard_sec:g} s of the recording are heard")
    return warnings


def _faults(clip: Clip, levels: NDArray[np.float64]) -> list[str]:
    """What is wrong with the sound itself, and what to do about it."""
    warnings = []
    if clip.sample_rate < DULL_RATE:
        warnings.append(
            f"the recording has a sample rate of {clip.sample_rate} Hz and will sound dull; record at 24000 Hz or more"
        )
    share = _clipped_share(clip.samples)
    if share > CLIPPED_SHARE:
        warnings.append(f"{share:.1%} of the recording is clipped and will sound harsh; record it at a lower level")
    speech = levels[levels > levels.max() - PAUSE_DB]
    level = 10 * np.log10(np.mean(10 ** (speech / 10)))
    if level < QUIET_DBFS:
        warnings.append(f"the recording is very quiet ({level:.0f} dBFS); record it louder or closer")
    return warnings


def _clipped_share(samples: Samples) -> float:
    starts, ends = clipped_runs(samples)
    return float((ends - starts).sum()) / len(samples)


def clipped_runs(
    samples: Samples, *, lowest: float = -FULL_SCALE, highest: float = FULL_SCALE
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Where runs of CLIPPED_RUN samples or more at `lowest` or `highest` begin and end, int64 [runs] each."""
    full = np.zeros(len(samples) + 2, dtype=np.int8)
    full[1:-1] = (samples >= highest) | (samples <= lowest)
    edges = np.flatnonzero(np.diff(full))
    starts, ends = edges[::2], edges[1::2]
    long = ends - starts >= CLIPPED_RUN
    return starts[long], ends[long]


def _in_the_part(clip: Clip, limits: ReferenceLimits) -> str:
    return f" in the first {limits.heard_sec:g} s, which are all that is heard" * (clip.duration_sec > limits.heard_sec)


def _reference(clip: Clip) -> Reference:
    samples = clip.samples.view()
    samples.setflags(write=False)  # so that the reference takes them as they are, without a copy
    return Reference(samples=samples, sample_rate=clip.sample_rate)
