"""A conditioning: what one member of the family needs of a voice."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from voice_library.voice import Embedding
from worker.engines.chatterbox.conditioning.placed import Placed
from worker.engines.chatterbox.member import SPEAKER_SIZE, START_SPEECH, Member
from worker.errors import UnsupportedVoice

SPEAKER = "t3.speaker_emb"
PROMPT = "t3.cond_prompt_speech_tokens"
TOKENS = "gen.prompt_token"
MEL = "gen.prompt_feat"
X_VECTOR = "gen.embedding"
NAMES = (SPEAKER, PROMPT, TOKENS, MEL, X_VECTOR)
"""As upstream's file of a voice calls them."""
FIELDS = ("speaker", "prompt", "tokens", "mel", "x_vector")
"""As we do, in the same order."""

MELS = 80
FRAMES_PER_TOKEN = 2
X_VECTOR_SIZE = 192
MOST_TOKENS = 250
"""Ten seconds: what S3Gen is given of a recording (`DEC_COND_LEN` of chatterbox-tts)."""
MOST_MAGNITUDE = 1e4
"""No genuine number comes near it, and no sum of such numbers overflows."""

Array = NDArray[Any]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Conditioning:
    """A voice as a member is given it; nobody can change its arrays, which `from_arrays` has checked."""

    speaker: NDArray[np.float32]
    """T3's speaker embedding: `[256]`."""
    prompt: NDArray[np.int16]
    """T3's speech tokens of the recording: `[n]`, 25 a second."""
    tokens: NDArray[np.int16]
    """S3Gen's speech tokens of the recording: `[n]`."""
    mel: NDArray[np.float32]
    """The sound that belongs to `tokens`: `[2n or 2n + 1, 80]`, natural logarithms."""
    x_vector: NDArray[np.float32]
    """S3Gen's speaker embedding: `[192]`."""
    _placed: dict[str, Placed] = field(default_factory=dict, init=False, repr=False)

    def __post_init__(self) -> None:
        for name, array in self._arrays().items():
            object.__setattr__(self, name, _unchangeable(array))

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, Array], member: Member) -> Conditioning:
        """The conditioning of arrays by upstream's names, whatever the width of their integers.

        Raises:
            ValueError: they are not what `member` needs; the message names the array.

        """
        for name in NAMES:
            if name not in arrays:
                raise ValueError(f"{name} is missing")
        if len(arrays) > len(NAMES):
            raise ValueError(f"there are more arrays than {', '.join(NAMES)}")
        tokens = _tokens(arrays, TOKENS, most=MOST_TOKENS)
        frames = FRAMES_PER_TOKEN * len(tokens)
        if arrays[MEL].shape[:1] == (frames + 1,):
            frames += 1  # upstream leaves half a token's sound where the recording ends in its middle
        return cls(
            speaker=_numbers(arrays, SPEAKER, (SPEAKER_SIZE,)),
            prompt=_tokens(arrays, PROMPT, most=member.prompt_tokens),
            tokens=tokens,
            mel=_numbers(arrays, MEL, (frames, MELS)),
            x_vector=_numbers(arrays, X_VECTOR, (X_VECTOR_SIZE,)),
        )

    @classmethod
    def from_embedding(cls, embedding: Embedding, member: Member) -> Conditioning:
        """The conditioning that a voice holds under the member's key.

        Raises:
            UnsupportedVoice: the arrays are not what the member needs.

        """
        try:
            return cls.from_arrays(embedding, member)
        except ValueError as error:
            raise UnsupportedVoice(
                f"the voice's embedding for {member.engine} is unusable: {error}; enrol its recording again",
                field="voice",
            ) from error

    @classmethod
    def fits(cls, embedding: Embedding, member: Member) -> bool:
        """Whether `from_embedding` takes it."""
        try:
            cls.from_arrays(embedding, member)
        except ValueError:
            return False
        return True

    def to_embedding(self) -> Embedding:
        """The same as a voice holds it."""
        return Embedding(dict(zip(NAMES, self._arrays().values(), strict=True)))

    @property
    def size_bytes(self) -> int:
        """Memory of the arrays."""
        return sum(array.nbytes for array in self._arrays().values())

    def on(self, device: torch.device | str) -> Placed:
        """The same as tensors on `device`, which are made once."""
        placed = self._placed.get(str(device))
        if placed is None:
            placed = Placed.of(device, **self._arrays())
            placed = self._placed.setdefault(str(device), placed)
        return placed

    def _arrays(self) -> dict[str, Array]:
        return {name: getattr(self, name) for name in FIELDS}


def _numbers(arrays: Mapping[str, Array], name: str, shape: tuple[int, ...]) -> NDArray[np.float32]:
    array = arrays[name]
    if array.dtype != np.float32:
        raise ValueError(f"{name} is {array.dtype} rather than float32")
    if array.shape != shape:
        raise ValueError(f"{name} is {list(array.shape)} rather than {list(shape)}")
    if not (np.abs(array) <= MOST_MAGNITUDE).all():
        raise ValueError(f"{name} has values that are not finite, or over {MOST_MAGNITUDE:g}")
    return array


def _tokens(arrays: Mapping[str, Array], name: str, *, most: int) -> NDArray[np.int16]:
    array = arrays[name]
    if array.dtype.kind not in "iu":
        raise ValueError(f"{name} is {array.dtype} rather than whole numbers")
    if array.ndim != 1 or not 1 <= len(array) <= most:
        raise ValueError(f"{name} is {list(array.shape)} rather than 1 to {most} tokens")
    if array.min() < 0 or array.max() >= START_SPEECH:
        raise ValueError(f"{name} has tokens outside 0 to {START_SPEECH - 1}")
    return array.astype(np.int16)


def _unchangeable(array: Array) -> Array:
    """A copy over bytes, which unlike an array's own memory can never be made writable again."""
    return np.frombuffer(array.tobytes(), dtype=array.dtype).reshape(array.shape)
