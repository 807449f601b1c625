"""The watermark: audio says of itself, inaudibly, that it is synthetic (Perth, of the same makers)."""

from __future__ import annotations

import io
from contextlib import redirect_stdout

import numpy as np
import perth  # type: ignore[import-untyped]  # ships no types
import torch

from worker.audio.clip import Samples
from worker.engines.chatterbox.rendering.renderer import SAMPLE_RATE
from worker.errors import EngineUnavailable

HOPS_PER_SEC = 100
"""Perth works in hops of 10 ms, and drops what is less than one at the end."""
FEWEST_HOPS = 4
"""It fails at less than half of its window of 64 ms."""


class Watermark:
    """Perth's implicit watermark. It keeps nothing between calls: for any number of threads at once."""

    def __init__(self) -> None:
        """Loads the weights, which come with the package.

        Raises:
            EngineUnavailable: the package is there, but cannot be used.

        """
        if perth.PerthImplicitWatermarker is None:
            raise EngineUnavailable('Chatterbox: Perth needs pkg_resources: pip install "setuptools<81"')
        with redirect_stdout(io.StringIO()):
            self._perth = perth.PerthImplicitWatermarker()
        self._perth.perth_net.eval().requires_grad_(requires_grad=False)

    @torch.inference_mode()
    def mark(self, samples: Samples, sample_rate: int = SAMPLE_RATE) -> Samples:
        """The same audio, float32 [n], with the watermark in it, and clipped where that takes it over full scale."""
        if not len(samples):
            return samples
        hops = max(FEWEST_HOPS, -(-len(samples) * HOPS_PER_SEC // sample_rate))
        missing = -(-hops * sample_rate // HOPS_PER_SEC) - len(samples)
        whole = np.pad(samples, (0, missing)) if missing else samples
        marked: Samples = self._perth.apply_watermark(whole, sample_rate=sample_rate)[: len(samples)]
        return marked.clip(-1.0, 1.0)
