"""A recording as Chatterbox hears it: at two sample rates, at a loudness, as a mel spectrogram."""

from __future__ import annotations

import math
from dataclasses import dataclass

import librosa
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from voice_library.metadata import MAX_REFERENCE_SEC
from voice_library.voice import Reference
from worker.errors import InvalidReference

Samples = NDArray[np.float32]

WIDE_RATE = 24_000
"""Hertz of the sound that S3Gen makes."""
NARROW_RATE = 16_000
"""Hertz of what all encoders hear."""
HEARD_SEC = MAX_REFERENCE_SEC
"""The voice encoder hears all of a recording, but none longer than a voice file holds."""
SILENCE = 2.0**-15
"""One step of 16-bit audio."""
TRIM_DB = 20
"""What is this much under the loudest at either end of a recording is not heard as voice."""
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
        wide = librosa.resample(samples, orig_sr=reference.sample_rate, target_sr=WIDE_RATE)
        if loudness_lufs is not None:
            wide = _levelled(wide, loudness_lufs)
        return cls(wide=wide, narrow=librosa.resample(wide, orig_sr=WIDE_RATE, target_sr=NARROW_RATE))

    @property
    def voice(self) -> Samples:
        """At 16 kHz, without the quiet at both ends.

        Raises:
            InvalidReference: hardly anything is left.

        """
        voice, _ = librosa.effects.trim(self.narrow, top_db=TRIM_DB)
        heard_sec = len(voice) / NARROW_RATE
        if heard_sec < LEAST_VOICE_SEC:
            raise InvalidReference(
                f"beside a click or a bang of {heard_sec:.2f} s the recording is silent: "
                "send one in which somebody speaks, and nothing is much louder"
            )
        return voice


class MelSpectrogram:
    """Mel spectrograms as S3Gen makes sound of them: 50 frames a second, 80 bands up to 8 kHz."""

    WINDOW = 1920
    HOP = 480
    BANDS = 80
    HIGHEST_HZ = 8000
    FLOOR = 1e-5
    """The quietest that is told apart."""
    UNDER_ROOT = 1e-9

    def __init__(self, device: torch.device) -> None:
        bands = librosa.filters.mel(sr=WIDE_RATE, n_fft=self.WINDOW, n_mels=self.BANDS, fmin=0, fmax=self.HIGHEST_HZ)
        self._bands = torch.tensor(bands, dtype=torch.float32, device=device)
        self._window = torch.hann_window(self.WINDOW).to(device)

    def of(self, wave: Tensor) -> Tensor:
        """Natural logarithms `[n // 480, 80]` of a wave `[1, n]` at 24 kHz, of more than 720 samples."""
        margin = (self.WINDOW - self.HOP) // 2
        padded = functional.pad(wave[None], (margin, margin), mode="reflect")[0]
        spectrum = torch.view_as_real(
            torch.stft(padded, self.WINDOW, hop_length=self.HOP, window=self._window, center=False, return_complex=True)
        )
        magnitude = torch.sqrt(spectrum.pow(2).sum(-1) + self.UNDER_ROOT)
        return torch.log(torch.clamp(self._bands @ magnitude, min=self.FLOOR))[0].t()


def _levelled(samples: Samples, target_lufs: float) -> Samples:
    """`samples` at `target_lufs`; as they are where that is unknown, as for what is too quiet to be measured."""
    # Imported here, as everywhere: only Turbo and Nano need it.
    import pyloudnorm

    gain = 10.0 ** ((target_lufs - pyloudnorm.Meter(WIDE_RATE).integrated_loudness(samples)) / 20.0)
    return (samples * gain).astype(np.float32) if math.isfinite(gain) and gain > 0.0 else samples
