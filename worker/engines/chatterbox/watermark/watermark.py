"""Perth's implicit watermark, with the weights of its wheel and without its package, which takes seconds to import.

Only bands below 2 kHz are changed, each by a factor. So what that adds is found at the own rate of the audio and added
to it, where Perth brings all of the audio to 32 kHz and back. It is what Perth adds, to −85 dB; where sound breaks off
or begins at once, which resampling softens, to −35 dB. At 24 kHz Perth also takes away some of what is above 11 kHz.

Nearly all of the time is the network's. Milliseconds of one core of an EPYC 9005, which others use too, for a second of
audio; pieces are marked together with the thirty frames around them that they depend on:

|                       | two seconds | ten seconds |
|-----------------------|-------------|-------------|
| Perth                 |        11.7 |        10.2 |
| here                  |         3.4 |         3.3 |
| in pieces of a second |         3.9 |         4.0 |
| in pieces of 0.4 s    |         6.0 |         5.8 |
"""

from __future__ import annotations

import torch

from worker.audio.clip import Samples
from worker.engines.chatterbox.watermark.network import CONTEXT, Network
from worker.engines.chatterbox.watermark.residual import LOW_RATE, DirectResidual, ResampledResidual
from worker.engines.chatterbox.watermark.spectrum import Spectrum
from worker.engines.chatterbox.watermark.stream import WatermarkStream
from worker.engines.chatterbox.watermark.weights import encoder_weights

SAMPLE_RATE = 24_000


class Watermark:
    """Marks clips. It keeps nothing between calls: for any number of threads at once."""

    def __init__(self, device: str | torch.device = "cpu") -> None:
        """Reads the weights onto `device`.

        Raises:
            EngineUnavailable: they are not installed, or damaged.

        """
        self._device = torch.device(device)
        self._network = Network.of(encoder_weights(), self._device)

    def mark(self, samples: Samples, sample_rate: int = SAMPLE_RATE) -> Samples:
        """The same audio, float32 [n], with the watermark in it, and clipped where that takes it over full scale."""
        return self.stream(sample_rate).push(samples, last=True)

    def stream(self, sample_rate: int = SAMPLE_RATE, *, lookahead: int = CONTEXT) -> WatermarkStream:
        """One that marks a clip as it comes.

        It holds 64 ms of audio back and 10 ms for each frame of `lookahead`. With all fifteen it marks as `mark` does.
        With fewer the frames at the end of each piece are marked as if the clip ended there: no seam, and found as
        surely, but of another strength. How far the residual is from the whole clip's, in dB of itself, for espeak's
        speech in pieces of so many seconds:

        | lookahead | held back | 0.1 | 0.4 | 1.0 |
        |-----------|-----------|-----|-----|-----|
        | 15        | 214 ms    |-144 |-150 |-154 |
        | 12        | 184 ms    | -63 | -71 | -72 |
        | 9         | 154 ms    | -43 | -50 | -51 |
        | 4         | 104 ms    | -23 | -29 | -33 |
        | 0         | 64 ms     | -18 | -24 | -29 |
        """
        direct = Spectrum.fits(sample_rate)
        spectrum = Spectrum.at(sample_rate if direct else LOW_RATE, self._device)
        residual = DirectResidual(self._network, spectrum, lookahead=lookahead)
        return WatermarkStream(residual if direct else ResampledResidual(residual, sample_rate), sample_rate)
