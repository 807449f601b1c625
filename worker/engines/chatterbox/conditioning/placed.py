"""A conditioning as tensors on a device."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from numpy.typing import NDArray
from torch import Tensor

from worker.engines.chatterbox.decoder.embedding import Conditionals


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Placed:
    """What T3 and S3Gen are given of a voice; all who speak in it read the same tensors, and nobody writes them."""

    conditionals: Conditionals
    """T3's."""
    _recording: Mapping[str, Tensor | None]

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
            _recording={
                "prompt_token": placed(tokens, torch.int64)[None],
                "prompt_token_len": torch.tensor([len(tokens)], device=device),
                "prompt_feat": placed(mel, torch.float32)[None],
                "prompt_feat_len": None,
                "embedding": placed(x_vector, torch.float32)[None],
            },
        )

    @property
    def recording(self) -> dict[str, Any]:
        """S3Gen's, as upstream's `ref_dict`: a fresh one each time, for upstream puts other tensors into it."""
        return dict(self._recording)
