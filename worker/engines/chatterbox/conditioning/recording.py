"""A recording as Chatterbox hears it: at two sample rates, at a loudness, with and without the quiet at its ends."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from voice_library.metadata import MAX_REFERENCE_SEC
from voice_library.voice import Reference
from worker.engines.chatterbox.conditioning.loudness import levelled
from worker.engines.chatterbox.hearing.resampling import NARROW_RATE, WIDE_RATE, resampled
from worker.errors import InvalidReference

Samples = NDArray[np.float32]

HEARD_SEC = MAX_REFERENCE_SEC
"""The voice encoder hears all of a recording, but none longer than a voice file holds."""
SILENCE = 2.0**-15
"""One step of 16-bit audio."""
TRIM_DB = 20
"""What is this much under the loudest at either end of a recording is not heard as voice."""
TRIM_WINDOW = 2048
TRIM_HOP = 512
"""Samples whose level is one, and samples that are kept or cut together (`librosa.effects.trim`)."""
QUIETEST = 1e-5
"""Amplitude that is no longer told apart."""
LEAST_VOICE_SEC = 0.25
"""A syllable; what is shorter is a click."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Recording:
    """One recording, twice."""

    wide: Samples
    """At 24 kHz."""
    narrow: Samples
    """At 16 kHz."""

    @classmethod
    def of(cls, reference: Reference, loudness_lufs: float | None) -> Recording:
        """The first minute of `reference`, at `loudness_lufs` if that is given.

        Raises:
            InvalidReference: it is silent, or its samples are no numbers.

        """
        samples = reference.samples[: round(HEARD_SEC * reference.sample_rate)]
        if not np.isfinite(samples).all():
            raise InvalidReference("the recording has samples that are not finite numbers: send another one")
        if np.abs(samples).max(initial=0.0) < SILENCE:
            raise InvalidReference("the recording is silent: send one in which somebody speaks")
        wide = resampled(samples, reference.sample_rate, WIDE_RATE)
        if loudness_lufs is not None:
            wide = levelled(wide, WIDE_RATE, loudness_lufs)
        return cls(wide=wide, narrow=resampled(wide, WIDE_RATE, NARROW_RATE))

    @property
    def voice(self) -> Samples:
        """At 16 kHz, without the quiet at both ends.

        Raises:
            InvalidReference: hardly anything is left.

        """
        voice = trimmed(self.narrow)
        heard_sec = len(voice) / NARROW_RATE
        if heard_sec < LEAST_VOICE_SEC:
            raise InvalidReference(
                f"beside a click or a bang of {heard_sec:.2f} s the recording is silent: "
                "send one in which somebody speaks, and nothing is much louder"
            )
        return voice


def trimmed(samples: Samples) -> Samples:
    """From the first to the last of the `samples` that are not TRIM_DB under the loudest (`librosa.effects.trim`)."""
    padded = np.pad(samples, TRIM_WINDOW // 2)
    frames = np.lib.stride_tricks.sliding_window_view(padded, TRIM_WINDOW)[::TRIM_HOP]
    # As librosa rounds: powers of roots of powers, in single precision.
    powers = np.square(np.sqrt(np.mean(np.square(frames), axis=1)))
    levels_db = 10.0 * np.log10(np.maximum(QUIETEST**2, powers))
    loud = np.flatnonzero(levels_db - levels_db.max() > -TRIM_DB)
    return samples[loud[0] * TRIM_HOP : (loud[-1] + 1) * TRIM_HOP]
