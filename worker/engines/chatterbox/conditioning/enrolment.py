"""Enrolment: a recording of a speaker becomes a conditioning."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from voice_library.voice import Reference
from worker.audio.reference import ReferenceLimits
from worker.engines.chatterbox.conditioning.conditioning import (
    MEL,
    MOST_TOKENS,
    PROMPT,
    SPEAKER,
    TOKENS,
    X_VECTOR,
    Conditioning,
)
from worker.engines.chatterbox.conditioning.recording import Recording
from worker.engines.chatterbox.hearing.hearing import Hearing
from worker.engines.chatterbox.hearing.resampling import NARROW_RATE, WIDE_RATE
from worker.engines.chatterbox.member import Member
from worker.errors import InvalidReference

TOKENS_PER_SEC = 25
LOUDNESS_LUFS = -27.0
"""What Turbo and Nano bring a recording to first (`norm_loudness` of chatterbox-tts)."""
SHORTEST_SEC = {"llama": 1.0, "gpt2": 5.0}
"""By trunk. Turbo and Nano refuse less than five seconds upstream. The others compute from 0.05 s on and give NaN for
0.04 s, but of less than a second there is too little to go by."""
GOOD_SEC = 10.0


def limits(member: Member) -> ReferenceLimits:
    """What `member` wants of a recording."""
    return ReferenceLimits(
        min_sec=SHORTEST_SEC[member.trunk],
        good_sec=GOOD_SEC,
        heard_sec=max(member.prompt_tokens, MOST_TOKENS) / TOKENS_PER_SEC,
    )


def loudness_lufs(member: Member) -> float | None:
    """What `member` brings a recording to before it hears it, if it does."""
    return None if member.guided else LOUDNESS_LUFS


class Enrolment:
    """Derives conditionings for one member; it keeps nothing between calls: any thread may ask."""

    def __init__(self, hearing: Callable[[], Hearing], member: Member) -> None:
        """`hearing` is asked for what hears whenever somebody is heard."""
        self._hearing = hearing
        self._member = member
        self._limits = limits(member)

    def of(self, reference: Reference) -> Conditioning:
        """What upstream's `prepare_conditionals` makes of the same samples: the same tokens, the rest but for rounding.

        Raises:
            InvalidReference: the recording is too short, or there is nothing in it to go by.

        """
        if reference.duration_sec < self._limits.min_sec:
            raise InvalidReference(
                f"the recording has {reference.duration_sec:.2f} s; {self._member.engine} needs "
                f"{self._limits.min_sec:g} s or more, and {self._limits.good_sec:g} s to do well"
            )
        recording = Recording.of(reference, loudness_lufs(self._member))
        arrays = {name: tensor.cpu().numpy() for name, tensor in self._heard(recording).items()}
        try:
            return Conditioning.from_arrays(arrays, self._member)
        except ValueError as error:
            raise InvalidReference(
                f"no voice can be made out in the recording ({error}): send one in which somebody speaks"
            ) from error

    def _heard(self, recording: Recording) -> dict[str, Tensor]:
        hearing = self._hearing()
        wide = _tensor(recording.wide[: MOST_TOKENS * WIDE_RATE // TOKENS_PER_SEC])
        # S3Gen hears another resampler's work than T3, as it was trained to.
        narrow = hearing.narrowed(wide)
        mel = hearing.mel(wide)
        opening = _tensor(recording.narrow[: self._member.prompt_tokens * NARROW_RATE // TOKENS_PER_SEC])
        prompt, tokens = hearing.tokens(opening, narrow)
        return {
            SPEAKER: hearing.speaker(_tensor(recording.voice)),
            PROMPT: prompt,
            # A last token of which the recording holds only half has one frame, and goes without.
            TOKENS: tokens[: len(mel) // 2],
            MEL: mel,
            X_VECTOR: hearing.x_vector(narrow),
        }


def _tensor(samples: NDArray[np.float32]) -> Tensor:
    return torch.tensor(samples)
