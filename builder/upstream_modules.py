"""Upstream's own modules, built at a member's size and filled from its checkpoint."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from chatterbox.models.s3gen import S3Gen
from chatterbox.models.t3 import T3
from chatterbox.models.t3.llama_configs import LLAMA_CONFIGS
from chatterbox.models.t3.modules.t3_config import T3Config
from chatterbox.models.voice_encoder import VoiceEncoder
from torch.utils._python_dispatch import TorchDispatchMode

from worker.engines.chatterbox.checkpoint import read
from worker.engines.chatterbox.member import HEAD_SIZE, Member
from worker.errors import EngineUnavailable

DERIVED = ("tokenizer._mel_filters", "tokenizer.window")
"""Of S3Gen: what upstream computes itself where a file lacks it (`ignore_state_dict_missing`)."""
STACKS = ("tokenizer.encoder.blocks", "flow.encoder.encoders", "flow.encoder.up_encoders")
"""Of S3Gen: layers one after another."""
ESTIMATOR = "flow.decoder.estimator"
_UPSTREAM_NAMES = {"llama": "Llama_520M", "gpt2": "GPT2_medium"}


def loaded_s3gen(member: Member, folder: Path, device: str = "cpu") -> S3Gen:
    """The member's S3Gen, ready to be called.

    Raises:
        EngineUnavailable: the file is missing, damaged or of another model.

    """
    with _Unset():  # type: ignore[no-untyped-call]  # torch does not type it
        module = s3gen(member)
    return _filled(module, folder / member.speech_file, device, optional=DERIVED)


def loaded_voice_encoder(member: Member, folder: Path, device: str = "cpu") -> VoiceEncoder:
    """The member's voice encoder, ready to be called.

    Raises:
        EngineUnavailable: the file is missing, damaged or of another model.

    """
    with _Unset():  # type: ignore[no-untyped-call]  # torch does not type it
        module = VoiceEncoder()
    return _filled(module, folder / member.speaker_file, device)


def t3(member: Member) -> T3:
    """Upstream's T3 of the member's layers and width, no weights loaded."""
    configuration = T3Config(text_tokens_dict_size=member.text_vocabulary)
    configuration.speech_tokens_dict_size = member.speech_vocabulary
    configuration.speech_cond_prompt_len = member.prompt_tokens
    if not member.guided:
        configuration.input_pos_emb = None
        configuration.use_perceiver_resampler = False
        configuration.emotion_adv = False
    configuration.llama_config_name = f"{member.trunk}, {member.layers} layers of {member.hidden}"
    LLAMA_CONFIGS[configuration.llama_config_name] = _trunk_configuration(member)
    return T3(configuration)


def s3gen(member: Member) -> S3Gen:
    """Upstream's S3Gen of the member's blocks, no weights loaded."""
    module = S3Gen(meanflow=member.meanflow)
    if member.blocks is not None:
        for stack in STACKS:
            del module.get_submodule(stack)[member.blocks :]
        estimator = module.get_submodule(ESTIMATOR)
        del estimator.mid_blocks[member.blocks :]
        for block in (*estimator.down_blocks, *estimator.mid_blocks, *estimator.up_blocks):
            del block[1][member.blocks :]
    return module


def _filled(module: Any, path: Path, device: str, optional: tuple[str, ...] = ()) -> Any:
    found = read(path, device=device)
    lacking = module.load_state_dict(dict(found), strict=False, assign=False)
    if lacking.unexpected_keys or set(lacking.missing_keys) - set(optional):
        raise EngineUnavailable(f"Chatterbox: {path.name} is of another model: {lacking}")
    return module.to(device).eval().requires_grad_(requires_grad=False)


def _trunk_configuration(member: Member) -> dict[str, object]:
    base = LLAMA_CONFIGS[_UPSTREAM_NAMES[member.trunk]]
    heads = member.hidden // HEAD_SIZE
    if member.trunk == "gpt2":
        width = {"n_layer": member.layers, "n_embd": member.hidden, "hidden_size": member.hidden, "n_head": heads}
    else:
        width = {"num_hidden_layers": member.layers}
    return {**base, **width}


class _Unset(TorchDispatchMode):  # type: ignore[no-untyped-call]  # torch does not type it
    """Within it nothing is drawn at random: modules are built without weights that are overwritten at once."""

    _DRAWS = (torch.ops.aten.uniform_.default, torch.ops.aten.normal_.default)

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        return args[0] if func in self._DRAWS else func(*args, **(kwargs or {}))
