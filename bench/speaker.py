"""A speaker of whom there are ten seconds, as real ones have them: a recording, or what a checkpoint keeps of one."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import normalize

from worker.engines.chatterbox.member import SPEAKER_SIZE, START_SPEECH, VOICE_FILE, Member

SECONDS = 10
TOKENS = 25 * SECONDS
"""All that S3Gen is ever given of a recording."""
SMALL_TOKENS = 12
"""Where only the measuring is tested."""
SAMPLE_RATE = 24_000
SYLLABLES = 4
"""A second."""
PITCH_HERTZ, PITCH_RANGE = 120.0, 40.0
HARMONICS = 20
BREATH = 0.002
LEVEL = 0.1
X_VECTOR, MELS, FRAMES_PER_TOKEN = 192, 80, 2
QUIET = -6.0
"""Mean of a mel spectrogram's logarithms."""


def write(member: Member, folder: Path, *, tokens: int = TOKENS) -> Path:
    """The voice of the member's checkpoint in `folder`, drawn anew, in upstream's file of it."""
    path = folder / VOICE_FILE
    torch.save(conditionals(member, tokens=tokens), path)
    return path


def conditionals(member: Member, *, tokens: int = TOKENS) -> dict[str, dict[str, Tensor | None]]:
    """What upstream derives of a recording of so many tokens, drawn at random: for T3 and for S3Gen."""
    chance = torch.Generator().manual_seed(0)
    heard = min(tokens, member.prompt_tokens)
    return {
        "t3": {
            "speaker_emb": normalize(torch.rand(1, SPEAKER_SIZE, generator=chance)),
            "clap_emb": None,
            "cond_prompt_speech_tokens": torch.randint(0, START_SPEECH, (1, heard), generator=chance),
            "cond_prompt_speech_emb": None,
            "emotion_adv": 0.5 * torch.ones(1, 1, 1),
        },
        "gen": {
            "prompt_token": torch.randint(0, START_SPEECH, (1, tokens), generator=chance),
            "prompt_token_len": torch.tensor([tokens]),
            "prompt_feat": torch.randn(1, FRAMES_PER_TOKEN * tokens, MELS, generator=chance) + QUIET,
            "prompt_feat_len": None,
            "embedding": torch.randn(1, X_VECTOR, generator=chance),
        },
    }


def recording(seed: int) -> NDArray[np.float32]:
    """Something like speech, of another speaker for each seed, float32 `[n]` at `SAMPLE_RATE`."""
    chance = np.random.default_rng(seed)
    time = np.arange(SECONDS * SAMPLE_RATE) / SAMPLE_RATE
    syllable = (time * SYLLABLES).astype(int)
    pitch = PITCH_HERTZ + PITCH_RANGE * chance.random(SYLLABLES * SECONDS)[syllable]
    phase = 2 * np.pi * np.cumsum(pitch) / SAMPLE_RATE
    loudness = np.sin(np.pi * (time * SYLLABLES % 1)) + 0.1
    wave = sum(np.sin(number * phase) / number for number in range(1, HARMONICS))
    noise = BREATH * chance.standard_normal(len(time))
    samples: NDArray[np.float32] = (LEVEL * loudness * wave + noise).astype(np.float32)
    return samples
