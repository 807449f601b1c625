"""S3Gen small, with random weights, and voices for it; the watermark as it is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cache

import numpy as np
import pytest
import torch
from chatterbox.models.s3gen import S3Gen
from torch import Tensor

from builder.random_checkpoint import write_s3gen, write_voice
from worker.audio.clip import Samples
from worker.engines.chatterbox.member import MEMBERS, START_SPEECH, VOICE_FILE, Member
from worker.engines.chatterbox.modules import loaded_s3gen
from worker.engines.chatterbox.rendering.renderer import Renderer
from worker.engines.chatterbox.rendering.watermark import Watermark

NAMES = ("original", "multilingual", "turbo", "nano")
STEPS = {True: 2, False: None}
"""What upstream's classes pass for `n_cfm_timesteps`, by whether the member is a meanflow one."""


@dataclass(frozen=True, kw_only=True)
class Stage:
    """One member's S3Gen and our renderer of the same weights."""

    member: Member
    s3gen: S3Gen
    renderer: Renderer

    def rendered(self, tokens: Tensor, voice: Mapping[str, Tensor], seed: int = 5) -> Samples:
        """Ours."""
        return self.renderer.render(tokens, voice, torch.Generator().manual_seed(seed))

    def upstream(self, tokens: Tensor, voice: Mapping[str, Tensor], seed: int = 5) -> Samples:
        """Theirs."""
        torch.manual_seed(seed)
        given = {**{name: tensor.clone() for name, tensor in voice.items()}, "prompt_feat_len": None}
        waveform, _ = self.s3gen.inference(tokens, ref_dict=given, n_cfm_timesteps=STEPS[self.member.meanflow])
        return waveform[0].numpy()


@pytest.fixture(scope="module")
def stages(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Stage]:
    folder = tmp_path_factory.mktemp("speech")

    @cache
    def s3gen(*, meanflow: bool) -> S3Gen:
        member = replace(MEMBERS["nano" if meanflow else "original"], blocks=1)
        write_s3gen(member, folder, seed=1)
        return loaded_s3gen(member, folder)

    @cache
    def stage(name: str) -> Stage:
        module = s3gen(meanflow=MEMBERS[name].meanflow)
        return Stage(member=MEMBERS[name], s3gen=module, renderer=Renderer(module, MEMBERS[name]))

    return stage


@pytest.fixture(params=["original", "turbo"])
def stage(request: pytest.FixtureRequest, stages: Callable[[str], Stage]) -> Stage:
    """Of each kind one: guided in ten steps, and in two steps without guidance."""
    return stages(request.param)


@pytest.fixture(scope="module")
def voices(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Tensor]]:
    folder = tmp_path_factory.mktemp("voices")

    def voice(seed: int, tokens: int) -> dict[str, Tensor]:
        write_voice(MEMBERS["original"], folder, seed=seed)
        found = torch.load(folder / VOICE_FILE, weights_only=True)["gen"]
        return {
            "prompt_token": found["prompt_token"][:, :tokens],
            "prompt_token_len": torch.tensor([tokens]),
            "prompt_feat": found["prompt_feat"][:, : 2 * tokens],
            "embedding": found["embedding"],
        }

    return [voice(seed, tokens) for seed, tokens in enumerate((8, 50, 20))]


@pytest.fixture(scope="module")
def watermark() -> Watermark:
    return Watermark()


def drawn(count: int, seed: int = 0) -> Tensor:
    """Speech tokens, int64 [count]."""
    return torch.randint(0, START_SPEECH, (count,), generator=torch.Generator().manual_seed(seed))


def vowels(duration_sec: float, sample_rate: int) -> Samples:
    """Something like speech: a voice that glides, over formants that change, in syllables."""
    times = np.arange(round(duration_sec * sample_rate)) / sample_rate
    pitch = 120 + 25 * np.sin(2 * np.pi * 0.7 * times)
    phase = 2 * np.pi * np.cumsum(pitch) / sample_rate
    formant = 700 + 400 * np.sin(2 * np.pi * 1.3 * times)
    waves = (np.exp(-(((k * pitch - formant) / 400) ** 2)) * np.sin(k * phase) for k in range(1, 25))
    syllables = 0.55 + 0.45 * np.sin(2 * np.pi * 3 * times)
    hiss = 0.003 * np.random.default_rng(0).standard_normal(len(times))
    return (0.15 * syllables * sum(waves) + hiss).astype(np.float32)
