"""S3Gen small, with random weights, and voices for it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import pytest
import torch
from chatterbox.models.s3gen import S3Gen
from torch import Tensor

from builder.random_checkpoint import write_s3gen
from builder.upstream_modules import loaded_s3gen
from worker.audio.clip import Samples
from worker.engines.chatterbox.arithmetic.precision import REFERENCE
from worker.engines.chatterbox.checkpoint import read
from worker.engines.chatterbox.conditioning.placed import Heard
from worker.engines.chatterbox.flow.flow import Flow, Piece
from worker.engines.chatterbox.hearing.hearing import SPEAKER_ENCODER, TOKENIZER
from worker.engines.chatterbox.member import MEMBERS, START_SPEECH, Member
from worker.engines.chatterbox.rendering.noise import Drawn, Indexed
from worker.engines.chatterbox.rendering.renderer import Renderer
from worker.engines.chatterbox.tensors import Tensors
from worker.engines.chatterbox.vocoder.vocoder import Vocoder

NAMES = ("original", "multilingual", "turbo", "nano")
STEPS = {True: 2, False: None}
"""What upstream's classes pass for `n_cfm_timesteps`, by whether the member is a meanflow one."""
CPU = torch.device("cpu")


@dataclass(frozen=True, kw_only=True)
class Stage:
    """One member's S3Gen and our renderer of the same weights."""

    member: Member
    s3gen: S3Gen
    renderer: Renderer

    def drawn(self, seed: int = 5) -> Drawn:
        """Upstream's noise."""
        return Drawn(torch.Generator().manual_seed(seed), CPU, meanflow=self.member.meanflow)

    def rendered(self, tokens: Sequence[int], voice: Heard, seed: int = 5) -> Samples:
        """Ours, with upstream's noise."""
        noise = self.drawn(seed)
        (mel,) = self.renderer.mels([self.renderer.piece(tokens, voice, noise)])
        return self.renderer.waveform(mel, noise)

    def upstream(self, tokens: Sequence[int], voice: Heard, seed: int = 5) -> Samples:
        """Theirs."""
        torch.manual_seed(seed)
        waveform, _ = self.s3gen.inference(
            torch.tensor(tokens), ref_dict=reference(voice), n_cfm_timesteps=STEPS[self.member.meanflow]
        )
        return waveform[0].numpy()

    def piece(self, tokens: Sequence[int], voice: Heard, seed: int = 5, *, ended: bool = True) -> Piece:
        """With noise that goes by its place."""
        return self.renderer.piece(tokens, voice, Indexed(seed, CPU), ended=ended)


@pytest.fixture(scope="module")
def stages(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Stage]:
    folder = tmp_path_factory.mktemp("speech")

    @cache
    def parts(*, meanflow: bool) -> tuple[S3Gen, Flow, Vocoder]:
        member = replace(MEMBERS["nano" if meanflow else "original"], blocks=1)
        write_s3gen(member, folder, seed=1)
        return loaded_s3gen(member, folder), *loaded(member, folder)

    @cache
    def stage(name: str) -> Stage:
        s3gen, flow, vocoder = parts(meanflow=MEMBERS[name].meanflow)
        renderer = Renderer(flow, vocoder, MEMBERS[name], CPU)
        return Stage(member=MEMBERS[name], s3gen=s3gen, renderer=renderer)

    return stage


def loaded(member: Member, folder: Path) -> tuple[Flow, Vocoder]:
    """Ours of the member's file."""
    found = read(folder / member.speech_file, without=(TOKENIZER, SPEAKER_ENCODER))
    tensors = Tensors(found, member.speech_file)
    flow = Flow(tensors.under("flow."), meanflow=member.meanflow, precision=REFERENCE)
    vocoder = Vocoder(tensors.under("mel2wav."), precision=REFERENCE)
    tensors.finish()
    return flow, vocoder


@pytest.fixture(params=["original", "turbo"])
def stage(request: pytest.FixtureRequest, stages: Callable[[str], Stage]) -> Stage:
    """Of each kind one: guided in ten steps, and in two steps without guidance."""
    return stages(request.param)


@pytest.fixture(scope="session")
def voices() -> list[Heard]:
    return [voice(seed, tokens) for seed, tokens in enumerate((8, 50, 20))]


def voice(seed: int, tokens: int, *, more: int = 0) -> Heard:
    """Of a recording of so many tokens, whose mel has `more` frames than two for each."""
    chance = torch.Generator().manual_seed(seed)
    return Heard(
        tokens=torch.randint(0, START_SPEECH, (tokens,), generator=chance),
        mel=torch.randn(2 * tokens + more, 80, generator=chance) - 6.0,
        x_vector=torch.randn(192, generator=chance),
    )


def reference(voice: Heard) -> dict[str, Tensor | None]:
    """As upstream takes it: copies."""
    return {
        "prompt_token": voice.tokens[None].clone(),
        "prompt_token_len": torch.tensor([len(voice.tokens)]),
        "prompt_feat": voice.mel[None].clone(),
        "prompt_feat_len": None,
        "embedding": voice.x_vector[None].clone(),
    }


def drawn(count: int, seed: int = 0) -> list[int]:
    """Speech tokens."""
    return torch.randint(0, START_SPEECH, (count,), generator=torch.Generator().manual_seed(seed)).tolist()
