"""A conditioning as tensors on a device."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from numpy.typing import NDArray
from torch import Tensor

from worker.engines.chatterbox.decoder.embedding import Conditionals


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Heard:
    """What S3Gen is given of a voice's recording."""

    tokens: Tensor
    """Its speech tokens: int64 `[n]`."""
    mel: Tensor
    """Its mel spectrogram: float32 `[2n or 2n + 1, 80]`."""
    x_vector: Tensor
    """Its speaker: float32 `[192]`."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Placed:
    """What T3 and S3Gen are given of a voice; all who speak in it read the same tensors, and nobody writes them."""

    conditionals: Conditionals
    """T3's."""
    heard: Heard
    """S3Gen's."""

    @classmethod
    def of(
        cls,
        device: torch.device | str,
        *,
        speaker: NDArray[Any],
        prompt: NDArray[Any],
        tokens: NDArray[Any],
        mel: NDArray[Any],
        x_vector: NDArray[Any],
    ) -> Placed:
        """Copies of the arrays, in the types and shapes that upstream gives its own."""

        def placed(array: NDArray[Any], dtype: torch.dtype) -> Tensor:
            return torch.tensor(array, dtype=dtype, device=device)

        return cls(
            conditionals=Conditionals(speaker=placed(speaker, torch.float32), prompt=placed(prompt, torch.int64)),
            heard=Heard(
                tokens=placed(tokens, torch.int64),
                mel=placed(mel, torch.float32),
                x_vector=placed(x_vector, torch.float32),
            ),
        )
