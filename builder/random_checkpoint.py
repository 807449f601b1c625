"""Random weights in the format of the real ones, for machines that cannot or need not download those."""

from __future__ import annotations

import argparse
import math
from dataclasses import replace
from pathlib import Path
from unittest.mock import patch

import torch
from chatterbox.models.t3 import T3
from chatterbox.models.t3.llama_configs import LLAMA_CONFIGS
from chatterbox.models.t3.modules.t3_config import T3Config
from safetensors.torch import save_file
from torch import Tensor

from worker.engines.chatterbox.member import HEAD_SIZE, MEMBERS, Member

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
_UPSTREAM_NAMES = {"llama": "Llama_520M", "gpt2": "GPT2_medium"}


def write(member: Member, folder: Path, *, seed: int = 0) -> Path:
    """The written file: a T3 that upstream's own loader takes, every tensor drawn from `seed`."""
    with torch.device("meta"):
        shapes = upstream(member).state_dict()
    generator = torch.Generator().manual_seed(seed)
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / member.file
    save_file({name: _drawn(name, shape, generator) for name, shape in shapes.items()}, path)
    return path


def upstream(member: Member) -> T3:
    """Upstream's own module for `member`, of its layers and its width, with no weights loaded."""
    configuration = T3Config(text_tokens_dict_size=member.text_vocabulary)
    configuration.speech_tokens_dict_size = member.speech_vocabulary
    configuration.speech_cond_prompt_len = member.prompt_tokens
    if not member.guided:
        configuration.input_pos_emb = None
        configuration.use_perceiver_resampler = False
        configuration.emotion_adv = False
    configuration.llama_config_name = "ours"
    with patch.dict(LLAMA_CONFIGS, ours=_trunk_configuration(member)):
        return T3(configuration)


def _trunk_configuration(member: Member) -> dict[str, object]:
    base = LLAMA_CONFIGS[_UPSTREAM_NAMES[member.trunk]]
    heads = member.hidden // HEAD_SIZE
    if member.trunk == "gpt2":
        width = {"n_layer": member.layers, "n_embd": member.hidden, "hidden_size": member.hidden, "n_head": heads}
    else:
        width = {"num_hidden_layers": member.layers}
    return {**base, **width}


def _drawn(name: str, shape: Tensor, generator: torch.Generator) -> Tensor:
    values = torch.randn(shape.shape, generator=generator)
    if shape.dim() == 1:
        centre = 1.0 if name.endswith("weight") else 0.0
        return values * NOISE + centre
    if "emb" in name or ".wte" in name or ".wpe" in name or "query" in name:
        return (values + COMMON * torch.randn(shape.shape[-1], generator=generator)) * BRANCH_SCALE
    transposed = name.startswith("tfmr.h.")
    inputs = shape.shape[0 if transposed else 1]
    return values * (_gain(name) / math.sqrt(inputs))


def _gain(name: str) -> float:
    if name.startswith("speech_head"):
        return LOGIT_SCALE
    if any(part in name for part in ("q_proj", "k_proj", "c_attn")):
        return ATTENTION_SCALE
    return BRANCH_SCALE if name.startswith("tfmr") else 1.0


def main() -> None:
    """Writes the file that the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--member", choices=MEMBERS, required=True)
    parser.add_argument("--layers", type=int, help="layers of the trunk; all by default")
    parser.add_argument("--hidden", type=int, help="width of a GPT-2 trunk, a multiple of 64")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--into", type=Path, required=True, help="folder of the file")
    given = parser.parse_args()
    member = MEMBERS[given.member]
    if given.hidden and (member.guided or given.hidden % HEAD_SIZE):
        parser.error(f"--hidden: a multiple of {HEAD_SIZE}, for turbo and nano only")
    member = replace(member, layers=given.layers or member.layers, hidden=given.hidden or member.hidden)
    path = write(member, given.into, seed=given.seed)
    print(f"{path}: {path.stat().st_size / 2**20:.0f} MiB")


if __name__ == "__main__":
    main()
