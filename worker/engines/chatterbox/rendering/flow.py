"""The flow: speech tokens become a mel spectrogram in a voice (`CausalMaskedDiffWithXvec` of chatterbox-tts)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import normalize

from worker.engines.chatterbox.rendering.noise import gaussian
from worker.errors import EngineFailed

FRAMES_PER_TOKEN = 2
"""Mel frames of a speech token; a frame is 20 ms."""
BANDS = 80
"""Mel bands of a frame."""
MOST_TOKENS = 2_500
"""Those of voice and utterance together that the encoder's table of positions is made for; it grows for more."""
GUIDED_STEPS = 10
MEANFLOW_STEPS = 2
"""Steps from noise to mel (`S3Token2Wav.flow_inference`)."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Condition:
    """What a mel spectrogram is drawn after, the voice's recording first and the utterance behind it."""

    content: Tensor
    """What is said: float32 [1, 80, frames]."""
    speaker: Tensor
    """Who says it: float32 [1, 80]."""
    recording: Tensor
    """The recording's own mel, and zeros for the utterance: float32 [1, 80, frames]."""


class Flow:
    """Upstream's flow, which draws no noise of its own here; for any number of threads at once."""

    def __init__(self, flow: Any, *, meanflow: bool) -> None:
        """`flow` is upstream's module; `meanflow` says whether it is distilled to few steps without guidance."""
        self._flow = flow
        self._estimator = flow.decoder.estimator
        self._guidance: float = flow.decoder.inference_cfg_rate
        self._meanflow = meanflow
        self._device = flow.encoder_proj.weight.device
        for layer in (flow.encoder.embed, flow.encoder.up_embed):
            # The first call would move the table of positions, and two first calls would do so at once.
            layer.pos_enc.extend_pe(torch.zeros(1, 1, device=self._device))

    def mel(self, tokens: Tensor, voice: Mapping[str, Tensor], noise: torch.Generator) -> Tensor:
        """The mel spectrogram of `tokens`, int64 [n], in `voice`: float32 [1, 80, frames].

        Raises:
            EngineFailed: tokens and voice are too long together.

        """
        recorded = voice["prompt_token"].shape[1]
        if recorded + len(tokens) > MOST_TOKENS:
            raise EngineFailed(
                f"Chatterbox: {len(tokens)} speech tokens and a voice of {recorded} are over "
                f"{MOST_TOKENS}, the most it renders in one piece: send less at once"
            )
        start = self._start(recorded, len(tokens), noise)
        return self._solved(start, self._condition(tokens, voice))[:, :, voice["prompt_feat"].shape[1] :]

    def _condition(self, tokens: Tensor, voice: Mapping[str, Tensor]) -> Condition:
        known = {name: voice[name].to(self._device) for name in ("prompt_token", "prompt_feat", "embedding")}
        said = torch.cat([known["prompt_token"].long(), tokens[None].to(self._device)], dim=1)
        count = torch.full((1,), said.shape[1], device=self._device)
        encoded, _ = self._flow.encoder(self._flow.input_embedding(said), count)
        content = self._flow.encoder_proj(encoded).transpose(1, 2).contiguous()
        recording = torch.zeros_like(content)
        recording[:, :, : known["prompt_feat"].shape[1]] = known["prompt_feat"].transpose(1, 2)
        speaker = self._flow.spk_embed_affine_layer(normalize(known["embedding"], dim=1))
        return Condition(content=content, speaker=speaker, recording=recording)

    def _start(self, recorded: int, spoken: int, noise: torch.Generator) -> Tensor:
        """The noise that the mel of so many tokens is drawn out of: float32 [1, 80, frames]."""
        shape = (1, BANDS, FRAMES_PER_TOKEN * (recorded + spoken))
        if not self._meanflow:
            return gaussian(shape, noise, self._device)
        utterance = gaussian((1, BANDS, FRAMES_PER_TOKEN * spoken), noise, self._device)
        start = gaussian(shape, noise, self._device)
        start[:, :, FRAMES_PER_TOKEN * recorded :] = utterance
        return start

    def _solved(self, mel: Tensor, condition: Condition) -> Tensor:
        """The end of the way from noise to mel, in Euler steps."""
        velocity = self._velocity if self._meanflow else self._guided_velocity
        for now, then in self._times():
            mel = mel + (then - now) * velocity(mel, condition, now, then)
        return mel

    def _times(self) -> Iterator[tuple[Tensor, Tensor]]:
        """Begin and end of each step, float32 [1]; guided, the first are the shortest."""
        steps = MEANFLOW_STEPS if self._meanflow else GUIDED_STEPS
        times = torch.linspace(0, 1, steps + 1, device=self._device)
        if not self._meanflow:
            times = 1 - torch.cos(times * 0.5 * torch.pi)
        return pairwise(torch.split(times, 1))

    def _velocity(self, mel: Tensor, condition: Condition, now: Tensor, then: Tensor) -> Tensor:
        velocity: Tensor = self._estimator(
            mel,
            mask=torch.ones_like(mel[:, :1]),
            mu=condition.content,
            t=now,
            spks=condition.speaker,
            cond=condition.recording,
            r=then,
        )
        return velocity

    def _guided_velocity(self, mel: Tensor, condition: Condition, now: Tensor, then: Tensor) -> Tensor:
        """Away from where it would go if nothing were known of the utterance."""
        both = Condition(
            content=_or_nothing(condition.content),
            speaker=_or_nothing(condition.speaker),
            recording=_or_nothing(condition.recording),
        )
        velocity = self._velocity(torch.cat([mel, mel]), both, now.repeat(2), then)
        return (1.0 + self._guidance) * velocity[:1] - self._guidance * velocity[1:]


def _or_nothing(known: Tensor) -> Tensor:
    """In two rows, and the second all zeros."""
    return torch.cat([known, torch.zeros_like(known)])
