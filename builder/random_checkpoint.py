"""Random weights in the format of the real ones, for machines that cannot or need not download those."""

from __future__ import annotations

import argparse
import math
from dataclasses import replace
from pathlib import Path

import torch
from chatterbox.models.voice_encoder import VoiceEncoder
from safetensors.torch import save_file
from torch import Tensor
from torch.nn.functional import normalize

from builder import random_tokenizer
from builder.upstream_modules import s3gen, t3
from worker.engines.chatterbox.checkpoint import Size
from worker.engines.chatterbox.member import (
    HEAD_SIZE,
    MEMBERS,
    SPEAKER_SIZE,
    START_SPEECH,
    STOP_SPEECH,
    VOICE_FILE,
    Member,
)

LOGIT_SCALE = 5.0
"""Standard deviation of the speech logits: some tokens stand out, and none always wins."""
COMMON = 2.0
"""What the embeddings of a table share, relative to what differs: the model has favourites and repeats itself."""
ATTENTION_SCALE = 2.0
"""Of queries and keys: attention picks a few positions, so that what came before shows in what is said."""
BRANCH_SCALE = 0.5
"""What a layer adds, relative to what it is given: activations grow slowly over thirty layers."""
NOISE = 0.05
"""Standard deviation of biases, and of norms around 1."""
SPEECH = {
    "tokenizer.quantizer._codebook.project_down.weight": (0.0, 0.05),
    "mel2wav.f0_predictor.classifier.weight": (0.0, 20.0),
    "mel2wav.f0_predictor.classifier.bias": (140.0, 0.0),
    "mel2wav.m_source.l_linear.bias": (0.0, 0.0),
    "mel2wav.conv_pre.parametrizations.weight.original0": (4.6, 0.1),
    "mel2wav.conv_post.parametrizations.weight.original0": (2.3, 0.05),
}
"""Mean and deviation of those weights of S3Gen whose usual ones would make much the same quiet hum of everything."""
VOICE_TOKENS = 50
"""Two seconds of the voice that is brought along."""


def write(member: Member, folder: Path, *, seed: int = 0, endless: bool = False) -> list[Path]:
    """The written files: all that upstream's own loader takes, every tensor drawn from `seed`.

    An endless one never stops speaking, so that every utterance is as long as it may be.
    """
    folder.mkdir(parents=True, exist_ok=True)
    full = MEMBERS[member.name]
    if member != full:
        Size(layers=member.layers, hidden=member.hidden, blocks=member.blocks).write(folder)
    return [
        write_t3(member, folder, seed=seed, endless=endless),
        write_s3gen(member, folder, seed=seed),
        write_voice_encoder(member, folder, seed=seed),
        write_voice(member, folder, seed=seed),
        *random_tokenizer.write(member, folder),
    ]


def write_t3(member: Member, folder: Path, *, seed: int = 0, endless: bool = False) -> Path:
    """The file of T3."""
    with torch.device("meta"):
        shapes = t3(member).state_dict()
    generator = torch.Generator().manual_seed(seed)
    weights = {name: _drawn(name, shape, generator) for name, shape in shapes.items()}
    if endless:
        weights["speech_head.weight"][STOP_SPEECH] = 0.0
    return _saved(weights, folder / member.file)


def write_s3gen(member: Member, folder: Path, *, seed: int = 0) -> Path:
    """The file of S3Gen: as upstream's modules begin, but heard: its pitch is a voice's, its tokens differ."""
    with torch.random.fork_rng([]):
        torch.manual_seed(seed)
        weights = s3gen(member).state_dict()
        for name, (mean, deviation) in SPEECH.items():
            weights[name] = mean + deviation * torch.randn_like(weights[name])
    return _saved(weights, folder / member.speech_file)


def write_voice_encoder(member: Member, folder: Path, *, seed: int = 0) -> Path:
    """The file of the voice encoder."""
    with torch.random.fork_rng([]):
        torch.manual_seed(seed)
        return _saved(VoiceEncoder().state_dict(), folder / member.speaker_file)


def write_voice(member: Member, folder: Path, *, seed: int = 0) -> Path:
    """The voice that a checkpoint brings along: conditionals in upstream's file of them, `conds.pt`."""
    chance = torch.Generator().manual_seed(seed)
    tokens = torch.randint(0, START_SPEECH, (1, VOICE_TOKENS), generator=chance)
    t3_part = {
        "speaker_emb": normalize(torch.rand(1, SPEAKER_SIZE, generator=chance)),
        "clap_emb": None,
        "cond_prompt_speech_tokens": torch.randint(0, START_SPEECH, (1, member.prompt_tokens), generator=chance),
        "cond_prompt_speech_emb": None,
        "emotion_adv": 0.5 * torch.ones(1, 1, 1),
    }
    s3gen_part = {
        "prompt_token": tokens,
        "prompt_token_len": torch.tensor([VOICE_TOKENS]),
        "prompt_feat": torch.randn(1, 2 * VOICE_TOKENS, 80, generator=chance) - 6.0,
        "prompt_feat_len": None,
        "embedding": torch.randn(1, 192, generator=chance),
    }
    path = folder / VOICE_FILE
    torch.save({"t3": t3_part, "gen": s3gen_part}, path)
    return path


def _saved(weights: dict[str, Tensor], path: Path) -> Path:
    if path.suffix == ".pt":
        torch.save(weights, path)
    else:
        save_file({name: tensor.contiguous() for name, tensor in weights.items()}, path)
    return path


def _drawn(name: str, shape: Tensor, generator: torch.Generator) -> Tensor:
    values = torch.randn(shape.shape, generator=generator)
    if shape.dim() == 1:
        centre = 1.0 if name.endswith("weight") else 0.0
        return values * NOISE + centre
    if "emb" in name or ".wte" in name or ".wpe" in name or "query" in name:
        return (values + COMMON * torch.randn(shape.shape[-1], generator=generator)) * BRANCH_SCALE
    transposed = name.startswith("tfmr.h.")
    inputs = shape.shape[0 if transposed else 1]
    values *= _gain(name) / math.sqrt(inputs)
    if name == "speech_head.weight":  # what is no sound and no stop is as good as never said
        values[START_SPEECH] = values[STOP_SPEECH + 1 :] = 0.0
    return values


def _gain(name: str) -> float:
    if name.startswith("speech_head"):
        return LOGIT_SCALE
    if any(part in name for part in ("q_proj", "k_proj", "c_attn")):
        return ATTENTION_SCALE
    return BRANCH_SCALE if name.startswith("tfmr") else 1.0


def main() -> None:
    """Writes the checkpoint that the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--member", choices=MEMBERS, required=True)
    parser.add_argument("--layers", type=int, help="layers of the trunk; all by default")
    parser.add_argument("--hidden", type=int, help="width of a GPT-2 trunk, a multiple of 64")
    parser.add_argument("--blocks", type=int, help="blocks in each stack of S3Gen, at most; all by default")
    parser.add_argument("--endless", action="store_true", help="never stop speaking, as benchmarks need it")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--into", type=Path, required=True, help="folder of the files")
    given = parser.parse_args()
    member = MEMBERS[given.member]
    if given.hidden and (member.guided or given.hidden % HEAD_SIZE):
        parser.error(f"--hidden: a multiple of {HEAD_SIZE}, for turbo and nano only")
    member = replace(
        member, layers=given.layers or member.layers, hidden=given.hidden or member.hidden, blocks=given.blocks
    )
    for path in write(member, given.into, seed=given.seed, endless=given.endless):
        print(f"{path}: {path.stat().st_size / 2**20:.1f} MiB")


if __name__ == "__main__":
    main()
