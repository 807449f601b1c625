"""The modules of one member that hear a recording."""

from __future__ import annotations

import torch
from torch import Tensor

from worker.engines.chatterbox.hearing.mel import WideMel
from worker.engines.chatterbox.hearing.resampling import NARROW_RATE, WIDE_RATE, Sinc
from worker.engines.chatterbox.hearing.speaker_encoder import SpeakerEncoder
from worker.engines.chatterbox.hearing.speech_tokenizer import BLOCKS, SpeechTokenizer
from worker.engines.chatterbox.hearing.voice_encoder import VoiceEncoder
from worker.engines.chatterbox.tensors import Tensors

TOKENIZER = "tokenizer."
SPEAKER_ENCODER = "speaker_encoder."
"""Of S3Gen's file: what the names of their tensors begin with."""


class Hearing:
    """Upstream's numbers of a recording, with nothing kept between calls: for any number of threads at once."""

    def __init__(self, speech: Tensors, speaker: Tensors, *, blocks: int | None = None) -> None:
        """Of the tensors of S3Gen's file, of which the flow's and the vocoder's are left, and the voice encoder's.

        `blocks` are the tokenizer's where a checkpoint was made smaller than its member is (`Member.blocks`).

        Raises:
            EngineUnavailable: a file is of another model; the message names it and the tensor.

        """
        self._tokenizer = SpeechTokenizer(speech.under(TOKENIZER), min(BLOCKS, blocks or BLOCKS))
        self._speaker_encoder = SpeakerEncoder(speech.under(SPEAKER_ENCODER))
        self._voice_encoder = VoiceEncoder(speaker)
        self.device = self._tokenizer.device
        self._narrowed = Sinc(WIDE_RATE, NARROW_RATE, self.device)
        self._wide_mel = WideMel(self.device)

    @torch.inference_mode()
    def tokens(self, *waves: Tensor) -> list[Tensor]:
        """The speech tokens of each, int64 `[n]`, in one run; waves float32 `[n]` at 16 kHz, of 40 ms or more."""
        return self._tokenizer(*(wave.to(self.device) for wave in waves))

    @torch.inference_mode()
    def x_vector(self, wave: Tensor) -> Tensor:
        """S3Gen's speaker embedding, float32 `[192]`, of `wave` float32 `[n]` at 16 kHz, of 55 ms or more."""
        return self._speaker_encoder(wave.to(self.device))

    @torch.inference_mode()
    def speaker(self, wave: Tensor) -> Tensor:
        """T3's speaker embedding, float32 `[256]`, of `wave` float32 `[n]` at 16 kHz, silent at neither end."""
        return self._voice_encoder(wave.to(self.device))

    @torch.inference_mode()
    def mel(self, wave: Tensor) -> Tensor:
        """What S3Gen makes sound of, natural logarithms float32 `[n // 480, 80]`; `wave` float32 `[n]` at 24 kHz."""
        return self._wide_mel(wave.to(self.device))

    @torch.inference_mode()
    def narrowed(self, wave: Tensor) -> Tensor:
        """`wave` float32 `[n]` at 24 kHz as S3Gen's encoders hear it: at 16 kHz, by the resampler they are used to."""
        return self._narrowed(wave.to(self.device))
