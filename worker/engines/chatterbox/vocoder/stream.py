"""Streaming: frames that come piece by piece, and the samples of the waveform that no later frame can change."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor

from worker.engines.chatterbox.vocoder.excitation import Breath
from worker.engines.chatterbox.vocoder.spectrum import Analysis
from worker.errors import EngineFailed

if TYPE_CHECKING:
    from worker.engines.chatterbox.vocoder.vocoder import Vocoder

AHEAD_FRAMES = 20
"""How many later frames a frame's last sample waits for: 0.4 s, of which the pitch alone takes five frames."""


class WaveformStream:
    """The waveform of one utterance; for one thread at a time."""

    def __init__(self, vocoder: Vocoder, breath: Breath) -> None:
        self._pitch = vocoder.pitch.start()
        self._excitation = vocoder.excitation.start(breath)
        self._analysis = Analysis(vocoder.device)
        self._network = vocoder.network.start()
        self._synthesis = vocoder.synthesis.start()
        self._frames = 0
        self._complete = False

    @torch.inference_mode()
    def push(self, mel: Tensor, *, last: bool = False) -> Tensor:
        """The next samples, float32 [m], after the next frames, float32 [n, 80], of which there may be none.

        All pushes together give what `Vocoder.waveform` gives of all frames.

        Raises:
            EngineFailed: the last frames were pushed before.

        """
        if self._complete:
            raise EngineFailed("Chatterbox: this waveform is complete: start another stream for more frames")
        self._complete = last
        self._frames += len(mel)
        if not self._frames or not (len(mel) or last):
            return mel.new_empty(0)
        pitch = self._pitch.push(mel, last=last)
        spectra = self._analysis.push(self._excitation.push(pitch), last=last)
        return self._synthesis.push(self._network.push(mel, spectra, last=last), last=last)
