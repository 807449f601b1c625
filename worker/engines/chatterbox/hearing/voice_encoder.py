"""The voice encoder: what T3 knows of a speaker."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from worker.engines.chatterbox.hearing.mel import NARROW_WINDOW, mel_bands, narrow_power
from worker.engines.chatterbox.hearing.resampling import NARROW_RATE
from worker.engines.chatterbox.tensors import Tensors

BANDS = 40
LAYERS = 3
WIDTH = 256
GATES = 4
PART = 160
"""Frames that are heard at once, 1.6 s."""
STEP = 77
"""Frames from part to part: 1.3 parts a second (`rate` of upstream)."""
LEAST_COVERED = 0.8
"""Of the last part; one with less is left out, unless it is the only one."""
MOST_PARTS = 32
"""Heard at a time."""
UNREAD = ("similarity_weight", "similarity_bias")
"""Which only training uses."""


class VoiceEncoder:
    """A recurrent network of three layers: the mean of what it makes of each part of a recording."""

    def __init__(self, tensors: Tensors) -> None:
        """`tensors` of the voice encoder's file; nothing of it is left.

        Raises:
            EngineUnavailable: the file is of another model.

        """
        self._layers = [
            tensors.take(f"lstm.{kind}_l{layer}", *shape)
            for layer in range(LAYERS)
            for kind, shape in _shapes(WIDTH if layer else BANDS).items()
        ]
        self._weight, self._bias = tensors.take("proj.weight", WIDTH, WIDTH), tensors.take("proj.bias", WIDTH)
        for name in UNREAD:
            tensors.take(name, 1)
        self.device = self._weight.device
        self._window = torch.hann_window(NARROW_WINDOW).to(self.device)
        self._bands = mel_bands(NARROW_RATE, NARROW_WINDOW, BANDS, NARROW_RATE / 2).to(self.device)

    def __call__(self, wave: Tensor) -> Tensor:
        """Float32 `[256]` of length 1, of `wave` float32 `[n]` at 16 kHz, of more than 200 samples.

        NaN where the network hears nobody.
        """
        parts = _parts((self._bands @ narrow_power(wave, self._window)).t())
        heard = torch.cat([self._heard(some) for some in torch.split(parts, MOST_PARTS)])
        return functional.normalize(heard.mean(0), dim=0, eps=0.0)

    def _heard(self, parts: Tensor) -> Tensor:
        """`[n, 256]` of `[n, 160, 40]`."""
        start = parts.new_zeros(LAYERS, len(parts), WIDTH)
        last = torch.lstm(parts, (start, start), self._layers, True, LAYERS, 0.0, False, False, True)[1][-1]
        made = functional.relu(functional.linear(last, self._weight, self._bias))
        return functional.normalize(made, dim=1, eps=0.0)


def _shapes(inputs: int) -> dict[str, tuple[int, ...]]:
    outputs = GATES * WIDTH
    return {
        "weight_ih": (outputs, inputs),
        "weight_hh": (outputs, WIDTH),
        "bias_ih": (outputs,),
        "bias_hh": (outputs,),
    }


def _parts(mel: Tensor) -> Tensor:
    """`[parts, 160, 40]` of `mel` `[n, 40]`, silence behind the last."""
    count, rest = divmod(max(len(mel) - PART + STEP, 0), STEP)
    if count == 0 or (rest + PART - STEP) / PART >= LEAST_COVERED:
        count += 1
    padded = functional.pad(mel, (0, 0, 0, max(PART + STEP * (count - 1) - len(mel), 0)))
    return padded.unfold(0, PART, STEP)[:count].transpose(1, 2).contiguous()
