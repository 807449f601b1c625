"""The speaker encoder: what S3Gen knows of a speaker, an x-vector."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from worker.engines.chatterbox.arithmetic.precision import REFERENCE
from worker.engines.chatterbox.arithmetic.projection import projection
from worker.engines.chatterbox.hearing.fbank import FilterBank
from worker.engines.chatterbox.hearing.folding import Scale, folded
from worker.engines.chatterbox.hearing.speaker_head import CHANNELS, HEIGHT, Head
from worker.engines.chatterbox.hearing.speaker_layer import GROWTH, Group
from worker.engines.chatterbox.tensors import Tensors

ENTERED = 128
ENTRY = 5
"""Frames of which the entry makes one; it has one for two."""
GROUPS = ((12, 1), (24, 2), (16, 2))
"""Layers, and the dilation of their convolutions."""
SIZE = 192


class SpeakerEncoder:
    """CAM++: convolutions over a filter bank, groups of layers each of which hears all before it, and their statistics.

    As https://arxiv.org/abs/2303.00332 has it; norms are folded into the convolutions that they stand behind.
    """

    def __init__(self, tensors: Tensors) -> None:
        """`tensors` under `speaker_encoder.` of S3Gen's file; nothing of it is left.

        Raises:
            EngineUnavailable: the file is of another model.

        """
        body = tensors.under("xvector.")
        self._head = Head.of(tensors.under("head."))
        weight, bias = folded(body, "tdnn.linear", (ENTERED, CHANNELS * HEIGHT, ENTRY), "tdnn.nonlinear.batchnorm")
        self._entry = projection(weight.flatten(1).t(), bias, REFERENCE)
        self._groups, channels = [], ENTERED
        for number, (layers, dilation) in enumerate(GROUPS, start=1):
            self._groups.append(Group.of(body, number, channels, layers, dilation))
            channels = (channels + layers * GROWTH) // 2
        self._last = Scale.of(body, "out_nonlinear.batchnorm", channels)
        dense, bias = folded(body, "dense.linear", (SIZE, 2 * channels, 1), "dense.nonlinear.batchnorm", affine=False)
        self._dense = dense[:, :, 0], bias
        self._bank = FilterBank(bias.device)

    def __call__(self, wave: Tensor) -> Tensor:
        """Float32 `[192]` of `wave` float32 `[n]` at 16 kHz, of 55 ms or more."""
        bank = self._bank(wave)
        hidden = self._entered(self._head(bank - bank.mean(0)))
        for group in self._groups:
            hidden = group(hidden)
        hidden = self._last.relu(hidden)
        return functional.linear(torch.cat([hidden.mean(0), hidden.std(0)]), *self._dense)

    def _entered(self, hidden: Tensor) -> Tensor:
        """`[(n + 1) // 2, 128]` of `[n, 320]`."""
        margin = ENTRY // 2
        frames = functional.pad(hidden, (0, 0, margin, margin)).unfold(0, ENTRY, 2)
        return self._entry(frames.flatten(1)).relu_()
