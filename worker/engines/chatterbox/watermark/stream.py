"""The watermark in audio that comes piece by piece."""

from __future__ import annotations

import numpy as np
import torch

from worker.audio.clip import Samples
from worker.engines.chatterbox.watermark.residual import Residual

PIECE_SEC = 4
"""Of longer pieces so much at a time: what is computed on the way then stays in a processor's cache."""


class WatermarkStream:
    """Marks one clip. It is of one thread at a time; any number of them may be under way."""

    def __init__(self, residual: Residual, sample_rate: int) -> None:
        """`sample_rate` in hertz, of the clip and of the `residual`."""
        self._residual = residual
        self._piece = PIECE_SEC * sample_rate
        self._held = np.zeros(0, dtype=np.float32)
        self._ended = False

    @torch.inference_mode()
    def push(self, samples: Samples, *, last: bool = False) -> Samples:
        """The marked audio, float32 [n], that follows what was given before: as much as is known, with `last` all.

        Where the mark takes it over full scale it is clipped.

        Raises:
            ValueError: the last samples were here already.

        """
        if self._ended:
            raise ValueError("the stream has ended: each clip needs one of its own")
        self._ended = last
        starts = range(0, len(samples), self._piece) or range(1)
        pieces = [samples[start : start + self._piece] for start in starts]
        residual = np.concatenate(
            [self._residual.push(each, last=last and each is pieces[-1]) for each in pieces],
        )
        held = np.concatenate([self._held, samples])
        self._held = held[len(residual) :]
        marked: Samples = (held[: len(residual)] + residual).clip(-1.0, 1.0)
        return marked
