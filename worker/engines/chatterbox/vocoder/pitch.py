"""The pitch of a voice, as `ConvRNNF0Predictor` of chatterbox-tts hears it in mel frames.

It is in double precision, and a fiftieth of the vocoder's work: what is wrong with a frequency grows in the phase of an
utterance, so that in single precision the same frames would sound otherwise when they come in other pieces.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from worker.engines.chatterbox.tensors import Tensors
from worker.engines.chatterbox.vocoder.convolution import Convolution
from worker.engines.chatterbox.vocoder.course import Course
from worker.engines.chatterbox.vocoder.weights import Filter

MELS, WIDTH, TAPS, LAYERS = 80, 512, 3, 5


class Pitch:
    """The predictor; it keeps nothing of an utterance."""

    def __init__(self, tensors: Tensors) -> None:
        """`tensors` are those under `f0_predictor.`."""
        self.layers = [_layer(tensors, index) for index in range(LAYERS)]
        self.weight = tensors.take("classifier.weight", 1, WIDTH).t().double()
        self.bias = tensors.take("classifier.bias", 1).double()

    def start(self) -> PitchCourse:
        """For one utterance."""
        return PitchCourse(self)


class PitchCourse:
    """The pitch of one utterance."""

    def __init__(self, pitch: Pitch) -> None:
        self._pitch = pitch
        self._courses = [Course(layer) for layer in pitch.layers]

    def push(self, mel: Tensor, *, last: bool) -> Tensor:
        """Of each frame that `mel` `[n, 80]` completes: hertz, float64 `[m]`."""
        rows = mel
        for course in self._courses:
            rows = functional.elu(course.push(rows, last=last), inplace=True)
        return torch.addmm(self._pitch.bias, rows, self._pitch.weight).abs_()[:, 0]


def _layer(tensors: Tensors, index: int) -> Convolution:
    """One layer; between two stands an activation, which has a number of its own."""
    inputs = WIDTH if index else MELS
    weights = Filter.taken(tensors, f"condnet.{2 * index}", WIDTH, inputs, TAPS)
    return Convolution.exact(weights, torch.float64)
