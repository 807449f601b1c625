"""The renderer: the speech tokens of an utterance and a voice in, a waveform out."""

from __future__ import annotations

from collections.abc import Mapping

import librosa
import numpy as np
import torch
from chatterbox.models.s3gen import S3Gen
from chatterbox.models.s3gen.const import S3GEN_SIL, S3GEN_SR
from chatterbox.models.s3tokenizer import S3_SR, S3_TOKEN_HOP
from torch import Tensor

from worker.audio.clip import Clip, Samples
from worker.engines.chatterbox.member import START_SPEECH, STOP_SPEECH, Member
from worker.engines.chatterbox.rendering.flow import Flow
from worker.engines.chatterbox.rendering.vocoder import Vocoder
from worker.errors import EngineFailed, InvalidAudio

SAMPLE_RATE: int = S3GEN_SR
"""Hertz of what is rendered."""
LAST_SILENCE = 3
"""Silent tokens that Turbo and Nano have behind what they say."""


class Renderer:
    """One member's S3Gen. It keeps nothing between calls: for any number of threads at once."""

    def __init__(self, s3gen: S3Gen, member: Member) -> None:
        self._s3gen = s3gen
        self._guided = member.guided
        self._flow = Flow(s3gen.flow, meanflow=member.meanflow)
        self._vocoder = Vocoder(s3gen.mel2wav)

    @torch.inference_mode()
    def render(self, tokens: Tensor, voice: Mapping[str, Tensor], noise: torch.Generator) -> Samples:
        """The waveform of `tokens`, int64 [n], 40 ms each, within −0.99…0.99.

        Args:
            tokens: what `spoken` or `tokens_of` gives.
            voice: S3Gen's part of the conditionals, as `S3Gen.embed_ref` makes it: prompt_token int64 [1, n],
                prompt_feat float32 [1, frames, 80], embedding float32 [1, 192]; more is not read.
            noise: where all that is random is drawn from; what is drawn depends on its device, too.

        Raises:
            EngineFailed: there are no tokens or too many, one is no sound, or the waveform holds no finite numbers.

        """
        if not len(tokens):
            raise EngineFailed("Chatterbox: there is no speech token to render: nothing was said")
        if ((tokens < 0) | (tokens >= START_SPEECH)).any():
            raise EngineFailed(f"Chatterbox: speech tokens are from 0 to {START_SPEECH - 1}")
        waveform = self._vocoder.waveform(self._flow.mel(tokens, voice, noise), noise)[0]
        fade = self._s3gen.trim_fade
        waveform[: len(fade)] *= fade
        samples: Samples = waveform.cpu().numpy()
        if not np.isfinite(samples).all():
            raise EngineFailed("Chatterbox: the audio holds samples that are not finite numbers")
        return samples

    def spoken(self, tokens: Tensor) -> Tensor:
        """What upstream renders of T3's `tokens`, int64 [n]: the sound among them; for Turbo and Nano, then silence."""
        if self._guided:
            tokens = _between_marks(tokens)
        sound = tokens[tokens < START_SPEECH]
        if self._guided:
            return sound
        return torch.cat([sound, sound.new_full((LAST_SILENCE,), S3GEN_SIL)])

    @torch.inference_mode()
    def tokens_of(self, source: Clip) -> Tensor:
        """What `source` says, in speech tokens, int64 [n], for another voice to say (`ChatterboxVC.generate`).

        Raises:
            InvalidAudio: the clip is shorter than a token.

        """
        heard = source.samples
        if source.sample_rate != S3_SR:
            heard = librosa.resample(heard, orig_sr=source.sample_rate, target_sr=S3_SR)
        if len(heard) < S3_TOKEN_HOP:
            raise InvalidAudio("the recording is shorter than 40 ms: nothing is said in it")
        tokens, _ = self._s3gen.tokenizer(torch.from_numpy(heard).float()[None])
        said: Tensor = tokens[0]
        return said


def _between_marks(tokens: Tensor) -> Tensor:
    """What stands behind the first start of speech and before the first stop, if any (`drop_invalid_tokens`)."""
    start = (tokens == START_SPEECH).nonzero()[:, 0].tolist()
    stop = (tokens == STOP_SPEECH).nonzero()[:, 0].tolist()
    return tokens[start[0] + 1 if start else 0 : stop[0] if stop else None]
