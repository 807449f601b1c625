"""The renderer: the speech tokens of an utterance and a voice in, a waveform out."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from worker.audio.clip import Samples
from worker.engines.chatterbox.conditioning.placed import Heard
from worker.engines.chatterbox.flow.encoder import FRAMES_PER_TOKEN
from worker.engines.chatterbox.flow.flow import Flow, Piece
from worker.engines.chatterbox.member import START_SPEECH, STOP_SPEECH, Member
from worker.engines.chatterbox.rendering.noise import Noise
from worker.engines.chatterbox.vocoder.excitation import FRAME
from worker.engines.chatterbox.vocoder.vocoder import Vocoder
from worker.errors import EngineFailed

SILENCE = 4299
"""The token of silence (`S3GEN_SIL` of chatterbox-tts)."""
LAST_SILENCE = 3
"""Silent tokens that Turbo and Nano have behind what they say."""
FADE_SAMPLES = 480
"""The first so many are silent, and in the next so many the sound comes in: what is left there of the voice's
recording is not heard (`trim_fade` of chatterbox-tts)."""


class Renderer:
    """One member's S3Gen, which makes sound. It keeps nothing between calls: for any number of threads at once."""

    def __init__(self, flow: Flow, vocoder: Vocoder, member: Member, device: torch.device) -> None:
        self._flow = flow
        self._vocoder = vocoder
        self._guided = member.guided
        self._device = device
        ramp = (torch.cos(torch.linspace(torch.pi, 0, FADE_SAMPLES)) + 1) / 2
        self._fade = torch.cat([torch.zeros(FADE_SAMPLES), ramp]).numpy()

    def sound(self, tokens: Sequence[int], *, ended: bool = True) -> list[int]:
        """What upstream renders of T3's `tokens`: the sound among them; for Turbo and Nano, once ended, silence too."""
        if self._guided:
            tokens = _between_marks(tokens)
        sound = [token for token in tokens if token < START_SPEECH]
        return sound if self._guided or not ended else sound + [SILENCE] * LAST_SILENCE

    def piece(self, tokens: Sequence[int], heard: Heard, noise: Noise, *, ended: bool = True) -> Piece:
        """What `mels` is given of `tokens`, 40 ms each, which are all of the utterance or, not ended, its first ones.

        Raises:
            EngineFailed: there are no tokens, or one is no sound.

        """
        if not tokens:
            raise EngineFailed("Chatterbox: there is no speech token to render: nothing was said")
        if not 0 <= min(tokens) <= max(tokens) < START_SPEECH:
            raise EngineFailed(f"Chatterbox: speech tokens are from 0 to {START_SPEECH - 1}")
        recorded = len(heard.tokens)
        return Piece(
            tokens=torch.tensor(tokens, device=self._device),
            prompt=heard.tokens,
            mel=heard.mel,
            x_vector=heard.x_vector,
            start=noise.start(FRAMES_PER_TOKEN * recorded, FRAMES_PER_TOKEN * len(tokens)),
            whole=ended,
        )

    @torch.inference_mode()
    def mels(self, pieces: Sequence[Piece]) -> list[Tensor]:
        """The mel spectrogram of each: float32 `[frames, 80]`. None depends on who its neighbours are."""
        return self._flow.mels(pieces)

    @torch.inference_mode()
    def waveform(self, mel: Tensor, noise: Noise) -> Samples:
        """All of an utterance's, within −0.99…0.99.

        Raises:
            EngineFailed: it holds numbers that are not finite.

        """
        samples: Samples = self._vocoder.waveform(mel, noise.breath(len(mel) * FRAME)).cpu().numpy()
        if not np.isfinite(samples).all():
            raise EngineFailed("Chatterbox: the audio holds samples that are not finite numbers")
        fade = self._fade[: len(samples)]
        samples[: len(fade)] *= fade
        return samples


def _between_marks(tokens: Sequence[int]) -> Sequence[int]:
    """What stands behind the first start of speech and before the first stop, if any (`drop_invalid_tokens`)."""
    start = tokens.index(START_SPEECH) + 1 if START_SPEECH in tokens else 0
    stop = tokens.index(STOP_SPEECH) if STOP_SPEECH in tokens else None
    return tokens[start:stop]
