"""Fades: how an edge comes out of silence, goes into it, or gives way to another."""

from __future__ import annotations

import numpy as np

from worker.audio.clip import Samples

ATTACK_SEC = 0.005
"""Fade of an edge that begins in the middle of a sound: short enough to leave a plosive its attack."""
QUIET_SEC = 0.010
"""Fade of an edge where there is breath or hiss, but no speech."""
CUT_SEC = 0.030
"""Fade of an edge that ends in the middle of a sound: as fast as a speaker closes the lips on a vowel."""
CROSS_SEC = 0.010
"""Time in which one sound gives way to another."""
LONGEST_SEC = CUT_SEC
SILENT = 1e-4
"""−80 dB of full scale, three steps of 16 bits: an edge under this needs no fade."""
QUIET_DB = -26.0
"""Under the peak of its clip, an edge below this is not speech cut off."""
_EDGE_SEC = 0.005


def fade_in_frames(samples: Samples, sample_rate: int) -> int:
    """How many frames at the start of a clip are to fade; at most a quarter of it."""
    edge = samples[: max(1, round(_EDGE_SEC * sample_rate))]
    return min(round(_length_sec(edge, samples, ATTACK_SEC) * sample_rate), len(samples) // 4)


def fade_out_frames(samples: Samples, sample_rate: int) -> int:
    """How many frames at the end of a clip are to fade; at most three quarters of it."""
    edge = samples[-max(1, round(_EDGE_SEC * sample_rate)) :]
    return min(round(_length_sec(edge, samples, CUT_SEC) * sample_rate), len(samples) * 3 // 4)


def smooth(frames: int) -> Samples:
    """Half a raised cosine from 0 to 1, both left out, float32 [frames]: the fade out of silence.

    An equal-power ramp bends where it meets the silence; this one does not, and its last milliseconds are softer.
    """
    return (rising(frames).astype(np.float64) ** 2).astype(np.float32)


def rising(frames: int) -> Samples:
    """A quarter of a sine from 0 to 1, both left out, float32 [frames]; with its mirror image, of equal power."""
    return np.sin(np.pi / 2 * np.arange(1, frames + 1) / (frames + 1)).astype(np.float32)


def _length_sec(edge: Samples, samples: Samples, cut_sec: float) -> float:
    if not np.any(np.abs(edge) > SILENT):
        return 0.0
    level = float(np.sqrt(np.mean(edge.astype(np.float64) ** 2)))
    speech = float(np.abs(samples).max()) * 10 ** (QUIET_DB / 20)
    return cut_sec if level > speech else QUIET_SEC
