"""Continuation: how a sound that was cut off might have gone on."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from worker.audio.clip import Samples

ORDER = 32
"""Poles of the predictor: enough for the formants of a voice at 24 kHz."""
STEADY = 1e-4
"""Noise at −40 dB that is thought into the sound, so that even a pure tone has a predictor."""


def continued(samples: Samples, frames: int) -> Samples:
    """How `samples` might go on, float32 [frames], as loud as they ended and without a bend.

    What drove the sound, by linear prediction with the autocorrelation method (Makhoul, "Linear Prediction: A
    Tutorial Review", 1975, whose predictor is stable), drives it on in reverse.
    """
    order = min(ORDER, len(samples) // 4)
    if order < 1 or not np.any(samples):
        return np.zeros(frames, dtype=np.float32)
    # Imported here: over half a second.
    from scipy.signal import lfilter, lfiltic

    sound = samples.astype(np.float64)
    whitening = _whitening(sound, order)
    drive = np.resize(lfilter(whitening, [1.0], sound)[order:][::-1], frames)
    ringing, _ = lfilter([1.0], whitening, np.zeros(frames), zi=lfiltic([1.0], whitening, sound[::-1][:order]))
    driven = lfilter([1.0], whitening, drive)
    highest = float(np.abs(ringing + driven).max(initial=0.0))
    # Pulses that meet by chance add up to more than the voice ever was.
    share = min(1.0, float(np.abs(sound).max()) / highest) if highest else 0.0
    return np.asarray(ringing + share * driven, dtype=np.float32)


def _whitening(sound: NDArray[np.float64], order: int) -> NDArray[np.float64]:
    """The filter that takes from `sound` what is predictable in it, float64 [order + 1]."""
    from scipy.linalg import solve_toeplitz

    windowed = sound * np.hanning(len(sound) + 2)[1:-1]
    lags = np.correlate(windowed, windowed, mode="full")[len(sound) - 1 :][: order + 1]
    lags[0] *= 1 + STEADY
    return np.concatenate(([1.0], -solve_toeplitz(lags[:order], lags[1:])))
