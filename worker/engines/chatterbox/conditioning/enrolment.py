"""Enrolment: a recording of a speaker becomes a conditioning."""

from __future__ import annotations

from typing import Any

import torch
import torchaudio  # type: ignore[import-untyped]  # it ships no types
from chatterbox.models.s3gen import S3Gen
from chatterbox.models.voice_encoder import VoiceEncoder
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence

from voice_library.voice import Reference
from worker.audio.reference import ReferenceLimits
from worker.engines.chatterbox.conditioning.conditioning import (
    MEL,
    MOST_TOKENS,
    PROMPT,
    SPEAKER,
    TOKENS,
    X_VECTOR,
    Conditioning,
)
from worker.engines.chatterbox.conditioning.recording import NARROW_RATE, WIDE_RATE, MelSpectrogram, Recording
from worker.engines.chatterbox.member import Member
from worker.errors import InvalidReference

TOKENS_PER_SEC = 25
LOUDNESS_LUFS = -27.0
"""What Turbo and Nano bring a recording to first (`norm_loudness` of chatterbox-tts)."""
SHORTEST_SEC = {"llama": 1.0, "gpt2": 5.0}
"""By trunk. Turbo and Nano refuse less than five seconds upstream. The others compute from 0.05 s on and give NaN for
0.04 s, but of less than a second there is too little to go by."""
GOOD_SEC = 10.0


def limits(member: Member) -> ReferenceLimits:
    """What `member` wants of a recording."""
    return ReferenceLimits(
        min_sec=SHORTEST_SEC[member.trunk],
        good_sec=GOOD_SEC,
        heard_sec=max(member.prompt_tokens, MOST_TOKENS) / TOKENS_PER_SEC,
    )


def loudness_lufs(member: Member) -> float | None:
    """What `member` brings a recording to before it hears it, if it does."""
    return None if member.guided else LOUDNESS_LUFS


class Enrolment:
    """Derives conditionings with the modules of one member; it keeps nothing between calls: any thread may ask."""

    def __init__(self, voice_encoder: VoiceEncoder, s3gen: S3Gen, member: Member) -> None:
        self._voice_encoder = voice_encoder
        self._s3gen = s3gen
        self._member = member
        self._limits = limits(member)
        self._mel = MelSpectrogram(s3gen.device)
        self._resample = torchaudio.transforms.Resample(WIDE_RATE, NARROW_RATE).to(s3gen.device)

    def of(self, reference: Reference) -> Conditioning:
        """What upstream's `prepare_conditionals` makes of the same samples, number for number.

        Raises:
            InvalidReference: the recording is too short, or there is nothing in it to go by.

        """
        if reference.duration_sec < self._limits.min_sec:
            raise InvalidReference(
                f"the recording has {reference.duration_sec:.2f} s; {self._member.engine} needs "
                f"{self._limits.min_sec:g} s or more, and {self._limits.good_sec:g} s to do well"
            )
        recording = Recording.of(reference, loudness_lufs(self._member))
        with torch.inference_mode():
            arrays = {name: tensor.cpu().numpy() for name, tensor in self._heard(recording).items()}
        try:
            return Conditioning.from_arrays(arrays, self._member)
        except ValueError as error:
            raise InvalidReference(
                f"no voice can be made out in the recording ({error}): send one in which somebody speaks"
            ) from error

    def _heard(self, recording: Recording) -> dict[str, Tensor]:
        wide = self._tensor(recording.wide[: MOST_TOKENS * WIDE_RATE // TOKENS_PER_SEC])
        # S3Gen hears another resampler's work than T3, as it was trained to.
        narrow = self._resample(wide)
        mel = self._mel.of(wide)
        prompt, tokens = self._tokens(
            self._tensor(recording.narrow[: self._member.prompt_tokens * NARROW_RATE // TOKENS_PER_SEC]), narrow
        )
        speaker = self._voice_encoder.embeds_from_wavs([recording.voice], sample_rate=NARROW_RATE, trim_top_db=None)[0]
        return {
            SPEAKER: torch.from_numpy(speaker),
            PROMPT: prompt,
            # A last token of which the recording holds only half has one frame, and goes without.
            TOKENS: tokens[: len(mel) // 2],
            MEL: mel,
            X_VECTOR: self._s3gen.speaker_encoder.inference(narrow)[0],
        }

    def _tokens(self, *waves: Tensor) -> list[Tensor]:
        """The speech tokens of several waves `[1, n]` at 16 kHz, in one run of the tokenizer."""
        tokenizer: Any = self._s3gen.tokenizer
        mels = [tokenizer.log_mel_spectrogram(wave)[0].t() for wave in waves]
        lengths = torch.tensor([len(mel) for mel in mels], dtype=torch.int32, device=waves[0].device)
        codes, counts = tokenizer.quantize(pad_sequence(mels, batch_first=True).transpose(1, 2), lengths)
        return [row[:count] for row, count in zip(codes, counts.tolist(), strict=True)]

    def _tensor(self, samples: Any) -> Tensor:
        return torch.tensor(samples, device=self._s3gen.device)[None]
