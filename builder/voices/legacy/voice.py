"""What comes out of a folder of an older worker: voices, and what could not be read."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from builder.voices.legacy.errors import LegacyError
from voice_library.voice import Gender


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LegacyVoice:
    """A speaker's recording, and what the folder tells of the speaker."""

    file: str
    """The name of the file the recording comes from, without its folder."""
    stem: str
    """The same without its suffix, by which older workers know the voice."""
    names: tuple[str, ...]
    """For people, the best one first; the stem is among them. None of them is a path."""
    samples: NDArray[np.float32]
    """Mono, float32 [n], within −1…1."""
    sample_rate: int
    """Hertz."""
    language: str | None = None
    """As the catalogue has it, which need not be a language tag."""
    gender: Gender | None = None
    description: str | None = None
    dropped: tuple[str, ...] = ()
    """The names of the fields that the file has beyond the audio and its sample rate."""

    @property
    def duration_sec(self) -> float:
        """Seconds of audio."""
        return len(self.samples) / self.sample_rate


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LegacyProblem:
    """A file, or something a catalogue says, that was left out, and why."""

    file: str
    """The name of the file, without its folder."""
    error: LegacyError
    """Its message names the file and says what to do."""
