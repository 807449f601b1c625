"""The embedding: a voice, a text and speech tokens become the inputs of the trunk."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from worker.engines.chatterbox.checkpoint import Weights
from worker.engines.chatterbox.decoder.trunk import NORM_EPSILON
from worker.engines.chatterbox.member import START_SPEECH, Member

READ = ("cond_enc.", "text_emb.", "text_pos_emb.")
"""What is kept of the weights besides the tables of speech; the trunk has copies of its own of the rest."""
PERCEIVER = "cond_enc.perceiver"
PERCEIVER_HEADS = 4
"""`Perceiver` of chatterbox-tts, which the checkpoint does not say."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Conditionals:
    """What T3 knows of a voice; it is the one it is, so that what was made of it can be found again."""

    speaker: Tensor
    """Speaker embedding: float32 `[256]`."""
    prompt: Tensor
    """Speech tokens of its recording: int64 `[n]`."""


class Embedding:
    """The inputs of one member's trunk: first the opening, which is all of the voice, then the text, then speech."""

    def __init__(self, weights: Weights, member: Member) -> None:
        self._weights = {name: value for name, value in weights.items() if name.startswith(READ)}
        self._guided = member.guided
        self._speech = weights["speech_emb.weight"]
        self._positions = weights["speech_pos_emb.emb.weight" if member.guided else "tfmr.wpe.weight"]

    def opening(self, voice: Conditionals) -> Tensor:
        """What every text in a voice begins with: `[n, width]`."""
        speaker = self._projected("cond_enc.spkr_enc", voice.speaker[None])
        if self._guided:
            prompt = self.speech(voice.prompt, torch.arange(len(voice.prompt), device=voice.prompt.device))
            return torch.cat([speaker, self._resampled(prompt)])
        opening = torch.cat([speaker, functional.embedding(voice.prompt, self._speech)])
        return opening + self._positions[: len(opening)]

    def text(self, text: Tensor, *, after: int, exaggeration: float) -> Tensor:
        """What stands between an opening of `after` inputs and speech: `[n, width]`.

        `text` is int64 `[n]` as upstream's `inference` takes it: for the guided members between their start and stop.
        `exaggeration` is the intensity of their delivery; it comes first, so that an opening knows nothing of it.
        """
        words = functional.embedding(text, self._weights["text_emb.weight"])
        if not self._guided:
            return words + self._positions[after : after + len(words)]
        said = self.wordless(1 + len(words), exaggeration=exaggeration)
        said[1:] += words
        return torch.cat([said, self.speech(text.new_tensor([START_SPEECH]), text.new_tensor([0]))])

    def wordless(self, count: int, *, exaggeration: float) -> Tensor:
        """The first inputs of a text from which the words are left out, which it is compared with: `[count, width]`."""
        emotion = exaggeration * self._weights["cond_enc.emotion_adv_fc.weight"].t()
        return torch.cat([emotion, self._weights["text_pos_emb.emb.weight"][: count - 1]])

    def speech(self, tokens: Tensor, positions: Tensor) -> Tensor:
        """Speech tokens `[n]` as inputs `[n, width]`.

        `positions` count from the start token on in the guided members, and over the whole row in the others.
        """
        return functional.embedding(tokens, self._speech) + functional.embedding(positions, self._positions)

    def _resampled(self, prompt: Tensor) -> Tensor:
        """A voice's prompt in 32 vectors: its perceiver looks at the prompt, then at itself."""
        query = self._weights[f"{PERCEIVER}.pre_attention_query"][0]
        looked = self._attended(query, prompt)
        return self._attended(looked, looked)

    def _attended(self, query: Tensor, context: Tensor) -> Tensor:
        weight, bias = (self._weights[f"{PERCEIVER}.attn.norm.{part}"] for part in ("weight", "bias"))

        def heads(name: str, given: Tensor) -> Tensor:
            normed = functional.layer_norm(given, weight.shape, weight, bias, NORM_EPSILON)
            projected = self._projected(f"{PERCEIVER}.attn.{name}", normed)
            return projected.view(len(given), PERCEIVER_HEADS, -1).transpose(0, 1)

        queries, keys, values = heads("to_q", query), heads("to_k", context), heads("to_v", context)
        mixed = functional.scaled_dot_product_attention(queries[None], keys[None], values[None])[0]
        return query + self._projected(f"{PERCEIVER}.attn.proj_out", mixed.transpose(0, 1).flatten(1))

    def _projected(self, name: str, given: Tensor) -> Tensor:
        return functional.linear(given, self._weights[f"{name}.weight"], self._weights[f"{name}.bias"])
