"""Room tone: quiet noise like an engine's own, so that pauses do not fall into dead silence."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from worker.audio.clip import Clip, Samples

FRAME_SEC = 0.02
"""Short enough to fall between two words."""
QUIET_SHARE = 0.05
LOUDEST_DB, DEFAULT_DB, FAINTEST_DB = -60.0, -70.0, -80.0
"""Of full scale: what is louder than the first is speech, or nothing to add more of; what is fainter than the last
is as good as silence, and gets the default's noise."""
DEFAULT_CORNER_HZ = 500.0
"""Above it the noise of a quiet room falls by 6 dB an octave."""
NEWEST_SHARE = 0.3
"""How far the tone follows the newest clip: it moves slowly, so that no pause differs from the next."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Floor:
    """What a clip sounds like where nobody speaks."""

    powers: NDArray[np.float64]
    """Power by frequency, from 0 to half the sample rate; their mean is the power of the sound."""

    @classmethod
    def of(cls, clip: Clip) -> Self | None:
        """The floor of a clip; None where it is dead silence, or speech has no gap."""
        size = round(FRAME_SEC * clip.sample_rate)
        frames = clip.samples[: len(clip.samples) // size * size].reshape(-1, size).astype(np.float64)
        if not len(frames):
            return None
        levels = np.mean(frames**2, axis=1)
        quiet = np.argsort(levels, kind="stable")[: max(1, round(QUIET_SHARE * len(frames)))]
        if not 10 ** (FAINTEST_DB / 10) <= float(np.mean(levels[quiet])) <= 10 ** (LOUDEST_DB / 10):
            return None
        window = np.hanning(size)
        powers = np.mean(np.abs(np.fft.rfft(frames[quiet] * window, axis=1)) ** 2, axis=0) / np.sum(window**2)
        return cls(powers=_smoothed(powers))

    @classmethod
    def default(cls, sample_rate: int) -> Self:
        """A quiet room at DEFAULT_DB."""
        hertz = np.fft.rfftfreq(round(FRAME_SEC * sample_rate), 1 / sample_rate)
        powers = 1 / (1 + (hertz / DEFAULT_CORNER_HZ) ** 2)
        return cls(powers=powers * 10 ** (DEFAULT_DB / 10) / np.mean(powers))


class RoomTone:
    """The room of one recording, which it learns from the clips it has heard; the same seed, the same noise."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._made = 0
        self._floor: Floor | None = None

    def hear(self, clip: Clip) -> None:
        """Takes note of a clip's floor."""
        heard = Floor.of(clip)
        if heard is None:
            return
        if self._floor is None or len(self._floor.powers) != len(heard.powers):
            self._floor = heard
        else:
            powers = (1 - NEWEST_SHARE) * self._floor.powers + NEWEST_SHARE * heard.powers
            self._floor = Floor(powers=powers)

    def tone(self, frames: int, sample_rate: int) -> Samples:
        """The next `frames` of the room, float32 [frames]; no two stretches are alike."""
        self._made += 1
        if not frames:
            return np.zeros(0, dtype=np.float32)
        floor = self._floor or Floor.default(sample_rate)
        taps = np.fft.irfft(np.sqrt(floor.powers))
        taps = np.roll(taps, len(taps) // 2) * np.hanning(len(taps))
        taps *= np.sqrt(np.mean(floor.powers) / np.sum(taps**2))
        noise = np.random.default_rng((self._seed, self._made)).standard_normal(frames + len(taps) - 1)
        return _filtered(noise, taps).astype(np.float32)


def _smoothed(powers: NDArray[np.float64]) -> NDArray[np.float64]:
    """Without the accidents of a few frames: a mean over five neighbours, the power kept."""
    smoothed = np.convolve(np.pad(powers, 2, mode="edge"), np.full(5, 0.2), mode="valid")
    return np.asarray(smoothed * (np.mean(powers) / np.mean(smoothed)))


def _filtered(noise: NDArray[np.float64], taps: NDArray[np.float64]) -> NDArray[np.float64]:
    # Imported here: over half a second.
    from scipy.signal import oaconvolve

    return np.asarray(oaconvolve(noise, taps, mode="valid"))
