"""Audio files of every kind that libsndfile writes, made in memory."""

from __future__ import annotations

import io

import numpy as np
import soundfile
from numpy.typing import NDArray

WRITE_FRAMES = 1_024
"""One large Vorbis write ends the process."""


def file_of(samples: NDArray[np.float32], sample_rate: int, container: str, codec: str, endian: str = "FILE") -> bytes:
    """The samples, [n] or [n, channels], as a file."""
    written = io.BytesIO()
    channels = 1 if samples.ndim == 1 else samples.shape[1]
    with soundfile.SoundFile(written, "w", sample_rate, channels, codec, endian, container) as file:
        for start in range(0, len(samples), WRITE_FRAMES):
            file.write(samples[start : start + WRITE_FRAMES])
    return written.getvalue()
