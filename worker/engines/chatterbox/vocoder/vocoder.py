"""The vocoder of one checkpoint: what its waveforms are made with."""

from __future__ import annotations

import torch
from torch import Tensor

from worker.engines.chatterbox.arithmetic.precision import REFERENCE, Precision
from worker.engines.chatterbox.arithmetic.projection import attending
from worker.engines.chatterbox.tensors import Tensors
from worker.engines.chatterbox.vocoder.excitation import Breath, Excitation
from worker.engines.chatterbox.vocoder.network import Network
from worker.engines.chatterbox.vocoder.pitch import Pitch
from worker.engines.chatterbox.vocoder.spectrum import Synthesis
from worker.engines.chatterbox.vocoder.stream import WaveformStream

TILE = 64
"""Frames that a processor computes at a time: what goes from layer to layer stays in its cache."""


class Vocoder:
    """Upstream's `HiFTGenerator` of the same weights; for any number of threads at once."""

    def __init__(self, tensors: Tensors, *, precision: Precision = REFERENCE) -> None:
        """`tensors` are those under `mel2wav.`, of which all are taken.

        Pitch, phases and spectra are of single precision in each; the network is of the precision's.

        Raises:
            EngineUnavailable: a tensor is missing, or its shape is another.

        """
        self.pitch = Pitch(tensors.under("f0_predictor."))
        self.excitation = Excitation(tensors.under("m_source."))
        self.network = Network(tensors, attending(precision).weights)
        self.device = self.pitch.bias.device
        self.synthesis = Synthesis(self.device)

    @torch.inference_mode()
    def waveform(self, mel: Tensor, breath: Breath) -> Tensor:
        """The waveform of `mel`, float32 [frames, 80]: float32 [480 · frames], within −0.99…0.99."""
        stream = self.stream(breath)
        if self.device.type != "cpu" or len(mel) <= TILE:
            return stream.push(mel, last=True)
        *tiles, last = mel.split(TILE)  # type: ignore[no-untyped-call]  # torch does not type it
        return torch.cat([*(stream.push(tile) for tile in tiles), stream.push(last, last=True)])

    def stream(self, breath: Breath) -> WaveformStream:
        """A waveform whose frames come piece by piece."""
        return WaveformStream(self, breath)
