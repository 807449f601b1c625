"""Jobs for T3: what it is given, drawn from a seed, and what upstream's own package says of it."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from chatterbox.models.t3 import T3
from chatterbox.models.t3.modules.cond_enc import T3Cond
from torch import Tensor
from transformers.generation.logits_process import (
    LogitsProcessorList,
    MinPLogitsWarper,
    RepetitionPenaltyLogitsProcessor,
    TemperatureLogitsWarper,
    TopPLogitsWarper,
)

from worker.engines.chatterbox.decoder.decoder import Decoder, Slot
from worker.engines.chatterbox.decoder.embedding import Conditionals
from worker.engines.chatterbox.decoder.prefill import Prompt
from worker.engines.chatterbox.decoder.sampling import Sampling
from worker.engines.chatterbox.member import SPEAKER_SIZE, START_SPEECH, START_TEXT, STOP_SPEECH, STOP_TEXT, Member

GUIDED = [
    Sampling(temperature=0.8, repetition_penalty=1.2, min_p=0.05, cfg_weight=0.5),
    Sampling(temperature=1.0, repetition_penalty=2.0, min_p=0.05, top_p=0.9, cfg_weight=1.0),
    Sampling(temperature=1.3, min_p=0.02, cfg_weight=0.2),
    Sampling(temperature=0.6, repetition_penalty=1.5, top_p=0.8),
    Sampling(temperature=0.9, repetition_penalty=1.2, min_p=0.1),
]
"""The first as `ChatterboxTTS.generate` has them, the last two without guidance, in which upstream's loop crashes."""
UNGUIDED = [
    Sampling(temperature=0.8, repetition_penalty=1.2, top_p=0.95, top_k=1000),
    Sampling(temperature=1.0, repetition_penalty=1.8, top_p=0.8, top_k=40),
    Sampling(temperature=1.4, top_k=200),
    Sampling(temperature=0.7, repetition_penalty=1.3, top_p=0.9),
    Sampling(temperature=0.9, repetition_penalty=1.1),
]
"""The first as `ChatterboxTurboTTS.generate` has them."""


@dataclass(frozen=True, kw_only=True)
class Job:
    """One utterance for one member."""

    member: Member
    text: Tensor
    voice: Conditionals
    sampling: Sampling
    seed: int
    token_limit: int
    exaggeration: float = 0.5

    @classmethod
    def drawn(cls, member: Member, seed: int, sampling: Sampling, *, words: int, token_limit: int) -> Job:
        """A job whose text and voice are random."""
        chance = torch.Generator().manual_seed(seed)
        text = torch.randint(1, 250, (words,), generator=chance)
        if member.guided:
            text = torch.cat([torch.tensor([START_TEXT]), text, torch.tensor([STOP_TEXT])])
        voice = Conditionals(
            speaker=torch.randn(SPEAKER_SIZE, generator=chance),
            prompt=torch.randint(0, START_SPEECH, (member.prompt_tokens,), generator=chance),
        )
        return cls(
            member=member,
            text=text,
            voice=voice,
            sampling=sampling,
            seed=seed,
            token_limit=token_limit,
            exaggeration=0.3 + 0.1 * (seed % 8),
        )

    def admitted(self, decoder: Decoder, opening: Tensor | None = None) -> Slot:
        """Its slot in `decoder`."""
        return decoder.admit(self.prompt(decoder, opening), self.sampling, seed=self.seed, token_limit=self.token_limit)

    def prompt(self, decoder: Decoder, opening: Tensor | None = None) -> Prompt:
        """What its rows begin with."""
        opening = decoder.opening(self.voice) if opening is None else opening
        text = decoder.embedding.text(self.text, after=opening.shape[1], exaggeration=self.exaggeration)
        guided = self.sampling.cfg_weight > 0
        wordless = decoder.wordless(opening, self.exaggeration, len(text) - 1) if guided else None
        return Prompt(opening=opening, text=text, wordless=wordless)

    def alone(self, decoder: Decoder) -> list[int]:
        """What `decoder` says of it when nothing else is under way."""
        slot = self.admitted(decoder)
        while slot.end is None:
            decoder.step()
        return slot.tokens

    @torch.inference_mode()
    def upstream(self, t3: T3) -> list[int]:
        """What upstream says of it."""
        torch.manual_seed(self.seed)
        if not self.member.guided:
            said = self._of_turbo(t3)
        elif self.sampling.cfg_weight > 0:
            said = self._of_original(t3)
        else:
            said = self._unguided(t3)
        tokens = said.flatten().tolist()
        return tokens[:-1] if tokens[-1] == STOP_SPEECH else tokens

    @torch.inference_mode()
    def prepared(self, t3: T3) -> Tensor:
        """What upstream gives its trunk first, up to the first start of speech."""
        text = self.text.expand(2 if self.sampling.cfg_weight > 0 else 1, -1)
        start = torch.full_like(text[:, :1], START_SPEECH)
        given = {"t3_cond": self._condition(), "text_tokens": text, "speech_tokens": start}
        prepared: Tensor = t3.prepare_input_embeds(**given, cfg_weight=self.sampling.cfg_weight)[0]
        return prepared

    def _condition(self) -> T3Cond:
        return T3Cond(
            speaker_emb=self.voice.speaker[None],
            cond_prompt_speech_tokens=self.voice.prompt[None],
            emotion_adv=self.exaggeration * torch.ones(1, 1, 1),
        )

    def _of_turbo(self, t3: T3) -> Tensor:
        said: Tensor = t3.inference_turbo(
            t3_cond=self._condition(),
            text_tokens=self.text[None],
            temperature=self.sampling.temperature,
            top_k=self.sampling.top_k or 0,
            top_p=self.sampling.top_p,
            repetition_penalty=self.sampling.repetition_penalty,
            max_gen_len=self.token_limit - 1,  # upstream draws one token more
        )
        return said

    def _of_original(self, t3: T3) -> Tensor:
        said: Tensor = t3.inference(
            t3_cond=self._condition(),
            text_tokens=self.text.expand(2, -1),
            max_new_tokens=self.token_limit,
            temperature=self.sampling.temperature,
            cfg_weight=self.sampling.cfg_weight,
            repetition_penalty=self.sampling.repetition_penalty,
            min_p=self.sampling.min_p,
            top_p=self.sampling.top_p,
        )
        return said

    def _unguided(self, t3: T3) -> Tensor:
        """Upstream's loop over upstream's modules for one row, where its own crashes."""
        processors = LogitsProcessorList(
            [
                RepetitionPenaltyLogitsProcessor(self.sampling.repetition_penalty),
                TemperatureLogitsWarper(self.sampling.temperature),
                MinPLogitsWarper(self.sampling.min_p),
                TopPLogitsWarper(self.sampling.top_p),
            ]
        )
        start = torch.tensor([[START_SPEECH]])
        inputs = self.prepared(t3)
        said, past = start, None
        for place in range(self.token_limit):
            token = t3.speech_emb(said[:, -1:]) + t3.speech_pos_emb.get_fixed_embedding(place)
            inputs = torch.cat([inputs, token], dim=1) if place == 0 else token
            output = t3.tfmr(inputs_embeds=inputs, past_key_values=past, use_cache=True)
            past = output.past_key_values
            scores = t3.speech_head(output.last_hidden_state[:, -1])
            chances = processors(said, scores).softmax(-1)  # type: ignore[arg-type]  # any tensor will do
            said = torch.cat([said, torch.multinomial(chances, 1)], dim=1)
            if said[0, -1] == STOP_SPEECH:
                break
        return said[:, 1:]


def jobs_for(member: Member) -> list[Job]:
    """Of different lengths, voices, parameters and seeds."""
    return [
        Job.drawn(member, 11 + index, sampling, words=5 + 9 * index, token_limit=12 + 6 * ((index * 3) % 5))
        for index, sampling in enumerate(GUIDED if member.guided else UNGUIDED)
    ]
