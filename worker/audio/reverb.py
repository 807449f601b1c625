"""Reverberation: the sound of a room, made of decaying noise."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from worker.audio.clip import Clip, Samples

DECAY_SEC = (0.4, 1.2)
"""RT60, the time to fall by 60 dB, at amounts 0 and 1: a furnished room, a hall."""
PRE_DELAY_SEC = 0.015
"""The first reflection's way in a room some metres wide; later than this it would part from the voice."""
BRIGHT_DECAY = 0.4
"""Air and walls swallow high sound first: above CROSSOVER_HZ the decay takes this share of RT60."""
CROSSOVER_HZ = 2500.0
"""Where the high sound begins."""
MAX_WET = 0.5
"""The room's share of the amplitude at amount 1; the direct sound has the rest."""
SEED = 1
"""The same room for every job."""


def reverberated(clips: Iterable[Clip], amount: float) -> Iterator[Clip]:
    """The stream in a room, from 0 (untouched) to 1 (a hall); a last clip holds the room's tail.

    Each clip comes out at once and with its own length. All must share one sample rate.
    """
    if not 0.0 <= amount <= 1.0:
        raise ValueError(f"an amount of reverberation lies between 0 and 1, not at {amount}")
    return _in_room(clips, amount) if amount else iter(clips)


def _in_room(clips: Iterable[Clip], amount: float) -> Iterator[Clip]:
    # Imported here: over half a second.
    from scipy.signal import oaconvolve

    sample_rate: int | None = None
    for clip in clips:
        if sample_rate is None:
            sample_rate = clip.sample_rate
            response = impulse_response(sample_rate, amount)
            tail = np.zeros(len(response) - 1, dtype=np.float32)
        elif clip.sample_rate != sample_rate:
            raise ValueError(f"a clip of {clip.sample_rate} Hz in a stream of {sample_rate} Hz")
        if not len(clip.samples):
            yield clip
            continue
        sound = np.pad(tail, (0, len(clip.samples)))
        sound += oaconvolve(clip.samples, response)
        yield replace(clip, samples=sound[: len(clip.samples)])
        tail = sound[len(clip.samples) :]
    if sample_rate is not None:
        yield Clip(samples=tail, sample_rate=sample_rate)


def impulse_response(sample_rate: int, amount: float) -> Samples:
    """What the room answers to a click, the click itself included, float32 [n], as much energy as the click alone.

    So a voice is as loud in the room as outside it. Exponentially decaying Gaussian noise after Moorer, "About This
    Reverberation Business" (1979), in two bands, the high one dying sooner.
    """
    shortest, longest = DECAY_SEC
    decay_sec = shortest + amount * (longest - shortest)
    low, high = _two_bands(round(decay_sec * sample_rate), sample_rate)
    time_sec = np.arange(len(low)) / sample_rate
    # 10^-3 in amplitude is -60 dB.
    room = low * 10 ** (-3 * time_sec / decay_sec) + high * 10 ** (-3 * time_sec / (BRIGHT_DECAY * decay_sec))
    room *= amount * MAX_WET / np.linalg.norm(room)
    response = np.pad(room, (max(1, round(PRE_DELAY_SEC * sample_rate)), 0))
    response[0] = 1.0 - amount * MAX_WET
    return np.asarray(response / np.linalg.norm(response), dtype=np.float32)


def _two_bands(frames: int, sample_rate: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """White noise, split at CROSSOVER_HZ; the two sum to the noise."""
    noise = np.random.default_rng(SEED).standard_normal(frames)
    spectrum = np.fft.rfft(noise)
    frequency = np.fft.rfftfreq(frames, 1 / sample_rate)
    low = np.fft.irfft(spectrum / (1 + (frequency / CROSSOVER_HZ) ** 2), frames)
    return low, noise - low
